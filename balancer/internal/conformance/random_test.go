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

// pair is a policy of grpc-go, and the policy of this module that replaces it.
type pair struct{ theirs, ours string }

var pairs = []pair{
	{theirs: pickfirst.Name, ours: pickfirst2.Name},
	{theirs: roundrobin.Name, ours: roundrobin2.Name},
}

// TestRandomScriptsAgainstGRPCsPolicies runs randomScripts scripts per policy.
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

// runSteps turns each byte into an event, unless gRPC could not produce the event.
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

// lists are the resolver updates of random scripts. Each number of endpoints divides
// the number of picks that observe makes. No address is in two endpoints, so an
// address identifies a SubConn.
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

// renaming are lists that give an Addr another ServerName. They are only for
// pick_first: under round_robin each child could show the intended difference, which
// would be hard to distinguish from a fault.
var renaming = [][]resolver.Endpoint{
	{named("a:1", "x"), balancertest.Endpoint("b:1")},
	{named("a:1", "y")},
}

func named(addr, serverName string) resolver.Endpoint {
	e := balancertest.Endpoint(addr)
	e.Addresses[0].ServerName = serverName
	return e
}

// randomScript chooses events that gRPC can produce after the events so far.
type randomScript struct {
	*comparison
	lists     [][]resolver.Endpoint // the resolver updates to choose from
	lostEarly int                   // number of connections that were lost as soon as they were made
}

func newRandomScript(t testing.TB, p pair, manualHealth bool) *randomScript {
	r := &randomScript{comparison: newComparison(t, p, manualHealth), lists: lists}
	if p.ours == pickfirst2.Name {
		r.lists = slices.Concat(lists, renaming)
	}
	return r
}

// eventsOf returns the events that a byte encodes. It returns none if gRPC cannot
// produce them now.
func (r *randomScript) eventsOf(step byte) []script.Event {
	which := int(step >> 3)
	switch step & 7 {
	case 0:
		e := script.Event{Kind: script.Update, Endpoints: r.lists[which%len(r.lists)], Gated: which >= 16}
		if continues, oursAlone := r.diff.continues(e, r.theirs); continues && !oursAlone {
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

// connectivityEvents returns events that move one live SubConn to a possible state.
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

// mayBeLostEarly reports whether another connection may be lost as soon as it is
// made. round_robin2, unlike grpc-go's round_robin, pauses when an endpoint loses
// young connections again and again. So a script loses too few of them to cause a
// pause. All other connections live for a second.
func (r *randomScript) mayBeLostEarly() bool {
	r.lostEarly++
	return r.lostEarly <= 5 || r.ours.name != roundrobin2.Name
}

// codeOf returns the status code of a SubConn's failure. Under pick_first some causes
// hold a status, and RPCs end with it. Under round_robin no cause does, because
// grpc-go's reports the endpoints' errors in turn, and ours reports the last few in
// one error.
func (r *randomScript) codeOf(sc *balancertest.SubConn) codes.Code {
	if r.ours.name == pickfirst2.Name && sc.Addr() == "b:1" {
		return codes.PermissionDenied
	}
	return codes.OK
}

// healthEvents returns a health update for one READY SubConn.
func (r *randomScript) healthEvents(which int) []script.Event {
	live := slices.DeleteFunc(r.liveConns(), func(sc *balancertest.SubConn) bool { return sc.State() != connectivity.Ready })
	if len(live) == 0 {
		return nil
	}
	state := []connectivity.State{connectivity.Ready, connectivity.TransientFailure, connectivity.Connecting}[which%3]
	return []script.Event{{Kind: script.Health, Addr: addressOf(live[which%len(live)]), State: state}}
}

// liveConns returns the live SubConns of grpc-go's side, sorted by address: the order
// of their creation is not specified.
func (r *randomScript) liveConns() []*balancertest.SubConn {
	live := r.theirs.cc.Live()
	slices.SortFunc(live, func(a, b *balancertest.SubConn) int {
		return cmp.Or(cmp.Compare(a.Addr(), b.Addr()), cmp.Compare(a.Address().ServerName, b.Address().ServerName))
	})
	return live
}

// addressOf returns the address that identifies a SubConn in an event.
func addressOf(sc *balancertest.SubConn) resolver.Address {
	return resolver.Address{Addr: sc.Addr(), ServerName: sc.Address().ServerName}
}
