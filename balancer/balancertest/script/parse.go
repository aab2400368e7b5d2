package script

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// attributeKey is the key of the attributes in scripts.
const attributeKey = "attribute"

// Parse parses one line:
//
//	update a:1 | b:1 c:1      a resolver update with two endpoints
//	update                    an empty resolver update
//	gated update a:1          an update from a parent that enables the health listener
//	resolver error
//	exit idle
//	pick
//	close
//	wait 250ms
//	a:1 READY                 a state change of the SubConn to that address
//	a:1 TRANSIENT_FAILURE PermissionDenied
//	                          a failure whose cause holds that status
//	a:1 health READY          a health update of that SubConn
//	a:1 READY and b:1 READY   two events; the policy sees neither until both have happened
//
// An address is one word. It may end in @SERVERNAME, #ATTRIBUTE and
// ~BALANCERATTRIBUTE, in this order. Any other line is an event of kind [Other].
func Parse(line string) (Event, error) {
	line = strings.TrimSpace(line)
	if strings.Contains(line, " and ") {
		return parseSimultaneous(line)
	}
	first, rest, _ := strings.Cut(line, " ")
	switch {
	case first == "update":
		return Event{Kind: Update, Endpoints: parseEndpoints(rest)}, nil
	case first == "gated" && (rest == "update" || strings.HasPrefix(rest, "update ")):
		return Event{Kind: Update, Gated: true, Endpoints: parseEndpoints(rest[len("update"):])}, nil
	case line == "resolver error":
		return Event{Kind: ResolverError}, nil
	case line == "exit idle":
		return Event{Kind: ExitIdle}, nil
	case line == "pick":
		return Event{Kind: Pick}, nil
	case line == "close":
		return Event{Kind: Close}, nil
	case first == "wait":
		delay, err := time.ParseDuration(rest)
		if err != nil {
			return Event{}, fmt.Errorf("script: parse %q: %w", line, err)
		}
		return Event{Kind: Wait, Delay: delay}, nil
	default:
		return parseSubConn(line)
	}
}

func parseSimultaneous(line string) (Event, error) {
	e := Event{Kind: Simultaneous}
	for part := range strings.SplitSeq(line, " and ") {
		p, err := Parse(part)
		if err != nil {
			return Event{}, err
		}
		e.Parts = append(e.Parts, p)
	}
	return e, nil
}

// parseSubConn parses a line that starts with an address.
func parseSubConn(line string) (Event, error) {
	words := strings.Fields(line)
	if len(words) < 2 {
		return Event{Kind: Other, Words: line}, nil
	}
	e := Event{Kind: Connectivity, Addr: parseAddress(words[0])}
	words = words[1:]
	health := words[0] == "health"
	if health {
		e.Kind, words = Health, words[1:]
	}
	var known bool
	if len(words) > 0 {
		e.State, known = stateOf(words[0])
	}
	switch {
	case known && len(words) == 1:
		return e, nil
	case known && len(words) == 2 && !health && e.State == connectivity.TransientFailure:
		code, ok := codeOf(words[1])
		if !ok {
			return Event{}, fmt.Errorf("script: parse %q: there is no code %q", line, words[1])
		}
		e.Code = code
		return e, nil
	case known || health:
		return Event{}, fmt.Errorf("script: parse %q: want an address and a state", line)
	default:
		return Event{Kind: Other, Words: line}, nil
	}
}

func stateOf(name string) (connectivity.State, bool) {
	for s := connectivity.Idle; s <= connectivity.TransientFailure; s++ {
		if s.String() == name {
			return s, true
		}
	}
	return 0, false
}

func codeOf(name string) (codes.Code, bool) {
	for c := codes.Canceled; c <= codes.Unauthenticated; c++ {
		if c.String() == name {
			return c, true
		}
	}
	return 0, false
}

func parseEndpoints(list string) []resolver.Endpoint {
	var endpoints []resolver.Endpoint
	for part := range strings.SplitSeq(list, "|") {
		var e resolver.Endpoint
		for word := range strings.FieldsSeq(part) {
			e.Addresses = append(e.Addresses, parseAddress(word))
		}
		if len(e.Addresses) > 0 {
			endpoints = append(endpoints, e)
		}
	}
	return endpoints
}

func parseAddress(word string) resolver.Address {
	word, balancerAttribute, _ := strings.Cut(word, "~")
	word, attribute, _ := strings.Cut(word, "#")
	addr, serverName, _ := strings.Cut(word, "@")
	a := resolver.Address{Addr: addr, ServerName: serverName}
	if attribute != "" {
		a.Attributes = attributes.New(attributeKey, attribute)
	}
	if balancerAttribute != "" {
		a.BalancerAttributes = attributes.New(attributeKey, balancerAttribute)
	}
	return a
}
