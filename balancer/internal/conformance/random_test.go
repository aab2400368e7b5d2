package conformance_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// pair is a policy of grpc-go's and the one here that takes its place.
type pair struct{ theirs, ours string }

var pairs = []pair{
	{theirs: pickfirst.Name, ours: pickfirst2.Name},
	{theirs: roundrobin.Name, ours: roundrobin2.Name},
}

// randomScripts is how many random scripts a run of the tests tries per policy.
const randomScripts = 5000

func TestRandomScriptsAgainstGRPCsPolicies(t *testing.T) {
	t.Parallel()
	for _, p := range pairs {
		t.Run(p.ours, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // not for secrets
			for i := range randomScripts {
				steps := make([]byte, 10+random.IntN(60))
				for j := range steps {
					steps[j] = byte(random.Uint32())
				}
				runSteps(t, p, steps)
				if t.Failed() {
					t.Fatalf("script %d of seed %d; as a fuzz input: %q", i, seed, steps)
				}
			}
		})
	}
}

func FuzzAgainstGRPCsPolicies(f *testing.F) {
	f.Add(false, []byte("\x00\x01\x11\x21"))
	f.Add(true, []byte("\x03\x14\x25\x36\x40\x51\x62"))
	f.Fuzz(func(t *testing.T, roundRobin bool, steps []byte) {
		runSteps(t, pairs[map[bool]int{true: 1}[roundRobin]], steps)
	})
}

// runSteps takes each byte for an event, as far as gRPC could produce it.
func runSteps(t *testing.T, p pair, steps []byte) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, p, len(steps)%2 == 0)
		defer s.close()
		for _, step := range steps {
			if e, ok := s.eventOf(step); ok && !s.run(e) {
				return
			}
		}
	})
}

// lists are the resolver updates of random scripts. Their numbers of endpoints
// divide the number of picks that observe makes, and no address is in two
// different endpoints: which of the SubConns to it is meant would be unclear.
var lists = [][]resolver.Endpoint{
	balancertest.Endpoints("a:1"),
	balancertest.Endpoints("b:1"),
	balancertest.Endpoints("a:1", "b:1"),
	balancertest.Endpoints("b:1", "a:1", "b:1"),
	balancertest.Endpoints("a:1", "b:1", "c:1"),
	balancertest.Endpoints("c:1", "d:1"),
	{balancertest.Endpoint("a:1", "b:1"), balancertest.Endpoint("c:1")},
	{balancertest.Endpoint("a:1", "b:1", "[::1]:1", "[::2]:1"), balancertest.Endpoint("d:1", "e:1")},
	{},
}

// renaming are lists in which an endpoint keeps its Addr and gets another
// ServerName. They are for pick_first alone: round_robin's children would meet
// the intended difference each on its own, where it is hard to tell from others.
var renaming = [][]resolver.Endpoint{
	{named("a:1", "x"), balancertest.Endpoint("b:1")},
	{named("a:1", "y")},
}

func named(addr, serverName string) resolver.Endpoint {
	e := balancertest.Endpoint(addr)
	e.Addresses[0].ServerName = serverName
	return e
}

// eventOf returns the event that a byte stands for.
func (s *script) eventOf(step byte) (event, bool) {
	which := int(step >> 3)
	switch step & 7 {
	case 0:
		e := update(s.lists[which%len(s.lists)]...)
		if which >= 16 {
			e = gatedUpdate(e.update.endpoints...)
		}
		goesOn, oursAlone := s.diff.goesOn(*e.update, s.theirs)
		return e, oursAlone || !goesOn
	case 1:
		e := []event{resolverError(), exitIdle(), onePick(), wait(100 * time.Millisecond), wait(250 * time.Millisecond)}[which%5]
		return e, which%5 != 1 || s.theirs.mayExitIdle()
	case 2:
		return s.healthEvent(which)
	default:
		return s.connectivityEvent(which)
	}
}

// connectivityEvent moves one of the live SubConns to a state that it can go to.
func (s *script) connectivityEvent(which int) (event, bool) {
	live := s.liveConns()
	if len(live) == 0 {
		return event{}, false
	}
	sc := live[which%len(live)]
	key, from := connKey(sc), sc.State()
	switch {
	case from == connectivity.Idle && sc.Wanted():
		return connEvent(key, "CONNECTING", (*balancertest.SubConn).Connecting), true
	case from == connectivity.Connecting && which/len(live)%4 == 3 && s.mayBeLostEarly():
		return connEvent(key, "IDLE", (*balancertest.SubConn).Idle), true
	case from == connectivity.Connecting && which/len(live)%4 != 0:
		return connEvent(key, "TRANSIENT_FAILURE", s.fail(key)), true
	case from == connectivity.Connecting:
		return connEvent(key, "READY", (*balancertest.SubConn).Ready), true
	case from == connectivity.Ready:
		e := connEvent(key, "IDLE", (*balancertest.SubConn).Idle)
		if s.ours.name == roundrobin2.Name {
			e.wait = time.Second // see mayBeLostEarly
		}
		return e, true
	case from == connectivity.TransientFailure:
		return connEvent(key, "IDLE", (*balancertest.SubConn).Idle), true
	default:
		return event{}, false
	}
}

// mayBeLostEarly tells whether another connection may be lost as soon as it is
// made. round_robin2 pauses when that happens to the same endpoint again and
// again, and grpc-go's does not: there are too few of these in a script for that,
// and other connections live for a second.
func (s *script) mayBeLostEarly() bool {
	s.lostEarly++
	return s.lostEarly <= 5 || s.ours.name != roundrobin2.Name
}

// healthEvent is a health update for one of the READY SubConns.
func (s *script) healthEvent(which int) (event, bool) {
	live := slices.DeleteFunc(s.liveConns(), func(sc *balancertest.SubConn) bool { return sc.State() != connectivity.Ready })
	if len(live) == 0 {
		return event{}, false
	}
	key := connKey(live[which%len(live)])
	state := []connectivity.State{connectivity.Ready, connectivity.TransientFailure, connectivity.Connecting}[which%3]
	return connEvent(key, fmt.Sprint("health ", state), func(sc *balancertest.SubConn) {
		sc.SetHealth(state, errors.New("sick"))
	}), true
}

// liveConns returns the SubConns of grpc-go's side, in an order that does not
// depend on the one in which they were made.
func (s *script) liveConns() []*balancertest.SubConn {
	live := s.theirs.cc.Live()
	slices.SortFunc(live, func(a, b *balancertest.SubConn) int {
		return cmp.Compare(connKey(a), connKey(b))
	})
	return live
}
