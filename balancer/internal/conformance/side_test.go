package conformance_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

// side is one of the two policies that run the same script.
type side struct {
	name   string
	cc     *balancertest.ClientConn
	policy *balancertest.Policy
	seen   int                // number of reported states that were already observed
	last   connectivity.State // the last of these
}

// observation is what gRPC sees of a policy after one event. The SubConns are sorted,
// because the order of their creation is not specified.
type observation struct {
	Made     int    // number of SubConns so far
	SubConns string // the live ones: addresses, state, whether Connect was called
	States   string // reported since the last event; repetitions, which only bring a new picker, are left out
	State    connectivity.State
	Picks    string // where picks go
}

// String formats the observation for scripts.
func (o observation) String() string {
	parts := []string{o.State.String()}
	if o.States != "[]" {
		parts = append(parts, "reports "+o.States)
	}
	if o.Picks != "" {
		parts = append(parts, "picks "+o.Picks)
	}
	parts = append(parts, fmt.Sprintf("SubConns made %d", o.Made))
	if o.SubConns != "" {
		parts = append(parts, "live "+o.SubConns)
	}
	return strings.Join(parts, "; ")
}

func (s *side) observe() observation {
	var o observation
	var conns []string
	for _, sc := range s.cc.Live() {
		conns = append(conns, describe(sc))
	}
	slices.Sort(conns)
	o.SubConns = strings.Join(conns, ", ")
	o.Made = len(s.cc.SubConns())
	states := s.cc.States()
	changes := slices.Compact(append([]connectivity.State{s.last}, states[s.seen:]...))[1:]
	o.States = fmt.Sprint(changes)
	s.seen = len(states)
	s.last = s.cc.State().ConnectivityState
	o.State = s.last
	if o.State != connectivity.Idle { // a pick would make the policy connect
		o.Picks = s.picks()
	}
	return o
}

// picks picks a few times. It returns the number of picks per address, and per reason
// for the others.
func (s *side) picks() string {
	const rounds = 12 // a multiple of each number of endpoints in the scripts
	got := map[string]int{}
	for range rounds {
		sc, err := s.cc.Pick()
		switch {
		case errors.Is(err, balancer.ErrNoSubConnAvailable):
			got["queued"]++
		case err != nil:
			got["failed as "+status.Code(err).String()]++
		case sc.IsShutdown() || sc.State() != connectivity.Ready:
			got[fmt.Sprintf("%v in %v", sc, sc.State())]++
		default:
			got[sc.Addr()]++
		}
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(got)) {
		parts = append(parts, fmt.Sprintf("%s %d", k, got[k]))
	}
	return strings.Join(parts, ", ")
}

// describe returns a SubConn's addresses and state. It also says whether Connect was
// called, if the state does not imply it.
func describe(sc *balancertest.SubConn) string {
	var words []string
	for _, a := range sc.Addresses() {
		words = append(words, script.FormatAddress(a))
	}
	words = append(words, sc.State().String())
	switch idle := sc.State() == connectivity.Idle; {
	case idle && sc.Wanted():
		words = append(words, "asked to connect")
	case !idle && !sc.Wanted():
		words = append(words, "not asked to connect")
	}
	return strings.Join(words, " ")
}

// take applies an event to a side. The caller lets time pass.
func (s *side) take(t testing.TB, e script.Event) {
	switch e.Kind {
	case script.Update:
		state := balancertest.ResolverState(e.Endpoints...)
		if e.Gated {
			state = pickfirst.EnableHealthListener(state)
		}
		_ = s.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: state})
	case script.ResolverError:
		s.policy.ResolverError(errors.New("name server is down"))
	case script.ExitIdle:
		s.policy.ExitIdle()
	case script.Pick:
		_, _ = s.cc.Pick()
	case script.Wait:
	case script.Connectivity, script.Health:
		s.takeSubConnEvent(e)
	case script.Simultaneous:
		s.cc.DeliverAfter(func() {
			for _, part := range e.Parts {
				s.take(t, part)
			}
		})
	default:
		t.Fatalf("a policy cannot take the event %q", e)
	}
}

// takeSubConnEvent applies an event to the live SubConn to its address. If there is
// none, it does nothing.
func (s *side) takeSubConnEvent(e script.Event) {
	conns := s.cc.Live()
	i := slices.IndexFunc(conns, func(sc *balancertest.SubConn) bool { return isTo(sc, e.Addr) })
	if i < 0 {
		return
	}
	switch sc := conns[i]; {
	case e.Kind == script.Health:
		sc.SetHealth(e.State, errors.New("sick"))
	case e.State == connectivity.Ready:
		sc.Ready() // through CONNECTING if it is IDLE
	case e.State == connectivity.TransientFailure:
		sc.Fail(e.Cause()) // likewise
	default:
		sc.SetState(e.State, nil)
	}
}

func isTo(sc *balancertest.SubConn, a resolver.Address) bool {
	return sc.Addr() == a.Addr && sc.Address().ServerName == a.ServerName
}
