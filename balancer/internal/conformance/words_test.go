package conformance_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// eventNamed returns the event that words stand for:
//
//	update a:1 | b:1 c:1      a resolver update with two endpoints; alone: none
//	gated update a:1          the same by a parent that wants health followed
//	resolver error
//	exit idle
//	pick
//	wait 250ms
//	a:1 READY                 a SubConn's state change, through CONNECTING if need be
//	a:1 health READY          a health update of it
//	a:1 READY and b:1 READY   both before the policy hears of either
//
// An address is host:port with, if need be, @SERVERNAME, #ATTRIBUTE and
// ~BALANCERATTRIBUTE behind it.
func eventNamed(t testing.TB, words string) event {
	t.Helper()
	switch first, rest, _ := strings.Cut(words, " "); {
	case words == "resolver error":
		return resolverError()
	case words == "exit idle":
		return exitIdle()
	case words == "pick":
		return onePick()
	case first == "update":
		e := update(endpointsNamed(rest)...)
		e.words = words
		return e
	case first == "gated":
		e := gatedUpdate(endpointsNamed(strings.TrimPrefix(rest, "update"))...)
		e.words = words
		return e
	case first == "wait":
		d, err := time.ParseDuration(rest)
		if err != nil {
			t.Fatalf("event %q: %v", words, err)
		}
		return wait(d)
	case strings.Contains(words, " and "):
		return together(t, words)
	default:
		return connEventNamed(t, first, rest)
	}
}

func together(t testing.TB, words string) event {
	var parts []event
	for part := range strings.SplitSeq(words, " and ") {
		parts = append(parts, eventNamed(t, part))
	}
	return event{words: words, do: func(s *side) {
		s.cc.Together(func() {
			for _, p := range parts {
				p.do(s)
			}
		})
	}}
}

func connEventNamed(t testing.TB, addr, words string) event {
	a := addressNamed(addr)
	key := a.Addr + "/" + a.ServerName
	if state, ok := strings.CutPrefix(words, "health "); ok {
		return connEvent(key, words, func(sc *balancertest.SubConn) { sc.SetHealth(stateNamed(t, state), errors.New("sick")) })
	}
	switch state := stateNamed(t, words); state {
	case connectivity.Ready:
		return connEvent(key, words, (*balancertest.SubConn).Ready)
	case connectivity.TransientFailure:
		return connEvent(key, words, func(sc *balancertest.SubConn) { sc.Fail(errors.New("refused")) })
	default:
		return connEvent(key, words, func(sc *balancertest.SubConn) { sc.SetState(state, nil) })
	}
}

func stateNamed(t testing.TB, name string) connectivity.State {
	t.Helper()
	for s := connectivity.Idle; s <= connectivity.TransientFailure; s++ {
		if s.String() == name {
			return s
		}
	}
	t.Fatalf("no connectivity state is called %q", name)
	return 0
}

func endpointsNamed(list string) []resolver.Endpoint {
	var endpoints []resolver.Endpoint
	for part := range strings.SplitSeq(list, "|") {
		var e resolver.Endpoint
		for addr := range strings.FieldsSeq(part) {
			e.Addresses = append(e.Addresses, addressNamed(addr))
		}
		if len(e.Addresses) > 0 {
			endpoints = append(endpoints, e)
		}
	}
	return endpoints
}

func addressNamed(text string) resolver.Address {
	text, balancerAttribute, _ := strings.Cut(text, "~")
	text, attribute, _ := strings.Cut(text, "#")
	addr, serverName, _ := strings.Cut(text, "@")
	a := resolver.Address{Addr: addr, ServerName: serverName}
	if attribute != "" {
		a.Attributes = attributes.New("attribute", attribute)
	}
	if balancerAttribute != "" {
		a.BalancerAttributes = attributes.New("attribute", balancerAttribute)
	}
	return a
}
