package conformance_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
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
		r := newRandomScript(t, p, len(steps)%2 == 0)
		defer r.close()
		for _, step := range steps {
			for _, e := range r.eventsOf(step) {
				if _, ok := r.run(e); !ok {
					return
				}
			}
		}
	})
}

// lists are the resolver updates of random scripts. Their numbers of endpoints
// divide the number of picks that observe makes. No address is in two endpoints, so
// that it identifies a SubConn.
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
// ServerName. They are for pick_first alone: under round_robin each child could
// show the intended difference, which would be hard to tell from a fault.
var renaming = [][]resolver.Endpoint{
	{named("a:1", "x"), balancertest.Endpoint("b:1")},
	{named("a:1", "y")},
}

func named(addr, serverName string) resolver.Endpoint {
	e := balancertest.Endpoint(addr)
	e.Addresses[0].ServerName = serverName
	return e
}

// randomScript chooses events that can follow those before.
type randomScript struct {
	*comparison
	lists     [][]resolver.Endpoint // what it chooses resolver updates from
	lostEarly int                   // connections that were lost when they were made
}

func newRandomScript(t testing.TB, p pair, manualHealth bool) *randomScript {
	r := &randomScript{comparison: newComparison(t, p, manualHealth), lists: lists}
	if p.ours == pickfirst2.Name {
		r.lists = slices.Concat(lists, renaming)
	}
	return r
}

// eventsOf returns the events that a byte stands for: one, or none if it cannot
// happen now.
func (r *randomScript) eventsOf(step byte) []script.Event {
	which := int(step >> 3)
	switch step & 7 {
	case 0:
		e := script.Event{Kind: script.Update, Endpoints: r.lists[which%len(r.lists)], Gated: which >= 16}
		if goesOn, oursAlone := r.diff.goesOn(e, r.theirs); goesOn && !oursAlone {
			return nil
		}
		return []script.Event{e}
	case 1:
		e := others[which%len(others)]
		if e.Kind == script.ExitIdle && !r.theirs.mayExitIdle() {
			return nil
		}
		return []script.Event{e}
	case 2:
		return r.healthEvents(which)
	default:
		return r.connectivityEvents(which)
	}
}

// others are the events that are always possible.
var others = []script.Event{
	{Kind: script.ResolverError},
	{Kind: script.ExitIdle},
	{Kind: script.Pick},
	{Kind: script.Wait, Delay: 100 * time.Millisecond},
	{Kind: script.Wait, Delay: 250 * time.Millisecond},
}

// connectivityEvents move one of the live SubConns to a state that it can go to.
func (r *randomScript) connectivityEvents(which int) []script.Event {
	live := r.liveConns()
	if len(live) == 0 {
		return nil
	}
	sc := live[which%len(live)]
	event := script.Event{Kind: script.Connectivity, Addr: addressOf(sc)}
	switch from := sc.State(); {
	case from == connectivity.Idle && sc.Wanted():
		event.State = connectivity.Connecting
	case from == connectivity.Idle:
		return nil
	case from == connectivity.Connecting && which/len(live)%4 == 3 && r.mayBeLostEarly():
		event.State = connectivity.Idle
	case from == connectivity.Connecting && which/len(live)%4 != 0:
		event.State, event.Code = connectivity.TransientFailure, r.codeOf(sc)
	case from == connectivity.Connecting:
		event.State = connectivity.Ready
	case from == connectivity.Ready && r.ours.name == roundrobin2.Name: // see mayBeLostEarly
		event.State = connectivity.Idle
		return []script.Event{{Kind: script.Wait, Delay: time.Second}, event}
	default:
		event.State = connectivity.Idle
	}
	return []script.Event{event}
}

// mayBeLostEarly tells whether another connection may be lost as soon as it is
// made. round_robin2 pauses when an endpoint loses its connections early again and
// again, which grpc-go's does not. So a script has too few of them for a pause, and
// its other connections live for a second.
func (r *randomScript) mayBeLostEarly() bool {
	r.lostEarly++
	return r.lostEarly <= 5 || r.ours.name != roundrobin2.Name
}

// codeOf returns the code of the cause with which a SubConn fails. Under
// pick_first some causes hold a status, which RPCs then end with. Under
// round_robin none does: grpc-go's reports the errors of the endpoints in turn,
// ours reports the last few in one.
func (r *randomScript) codeOf(sc *balancertest.SubConn) codes.Code {
	if r.ours.name == pickfirst2.Name && sc.Addr() == "b:1" {
		return codes.PermissionDenied
	}
	return codes.OK
}

// healthEvents are a health update for one of the READY SubConns.
func (r *randomScript) healthEvents(which int) []script.Event {
	live := slices.DeleteFunc(r.liveConns(), func(sc *balancertest.SubConn) bool { return sc.State() != connectivity.Ready })
	if len(live) == 0 {
		return nil
	}
	state := []connectivity.State{connectivity.Ready, connectivity.TransientFailure, connectivity.Connecting}[which%3]
	return []script.Event{{Kind: script.Health, Addr: addressOf(live[which%len(live)]), State: state}}
}

// liveConns returns the SubConns of grpc-go's side, in an order that does not
// depend on the one in which they were made.
func (r *randomScript) liveConns() []*balancertest.SubConn {
	live := r.theirs.cc.Live()
	slices.SortFunc(live, func(a, b *balancertest.SubConn) int {
		return cmp.Or(cmp.Compare(a.Addr(), b.Addr()), cmp.Compare(a.Address().ServerName, b.Address().ServerName))
	})
	return live
}

// addressOf returns what an event calls a SubConn.
func addressOf(sc *balancertest.SubConn) resolver.Address {
	return resolver.Address{Addr: sc.Addr(), ServerName: sc.Address().ServerName}
}
