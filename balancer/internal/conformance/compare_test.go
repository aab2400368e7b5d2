package conformance_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

var errResolver = errors.New("name server is down")

// side is one of the two policies that run the same script.
type side struct {
	name   string
	cc     *balancertest.ClientConn
	policy *balancertest.Policy
	seen   int                // reported states that were compared already
	last   connectivity.State // of these
}

// observation is what gRPC sees of a policy after one event. SubConns are
// compared as sets: in which order equal steps are taken is not specified.
type observation struct {
	Made     int    // SubConns in all
	SubConns string // live ones: addresses, state, whether connecting was asked for
	States   string // newly reported, repetitions left out: those are grpc-go's way to publish pickers
	State    connectivity.State
	Picks    string // where picks go
}

func (s *side) observe() observation {
	var o observation
	var conns []string
	for _, sc := range s.cc.Live() {
		var addrs []string
		for _, a := range sc.Addresses() {
			addrs = append(addrs, fmt.Sprintf("%s/%s%v", a.Addr, a.ServerName, a.Attributes))
		}
		conns = append(conns, fmt.Sprintf("%s %v wanted=%v", strings.Join(addrs, " "), sc.State(), sc.Wanted()))
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
	if o.State != connectivity.Idle { // there a pick is an event of its own
		o.Picks = s.picks()
	}
	return o
}

// picks tells where picks go: how often to which address in a few rounds, or
// why to none.
func (s *side) picks() string {
	const rounds = 12 // a multiple of every number of endpoints in the scripts
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

// event is one line of a script, in words, and what it does to a side.
type event struct {
	words  string
	do     func(*side)
	wait   time.Duration   // instead: time passes, for both sides at once
	update *resolverUpdate // nil if it is something else
}

// resolverUpdate is what a resolver says.
type resolverUpdate struct {
	endpoints []resolver.Endpoint
	gated     bool // by a parent that wants the health listener followed
}

// script runs events against grpc-go's policy and ours and compares them.
type script struct {
	t            testing.TB
	theirs, ours *side
	log          []string
	diff         intended
	lists        [][]resolver.Endpoint // what random scripts choose updates from
	lostEarly    int                   // connections that random scripts have lost when they were made
}

func newScript(t testing.TB, p pair, manualHealth bool) *script {
	newSide := func(name string) *side {
		cc := balancertest.NewClientConn(t)
		cc.SetManualHealth(manualHealth)
		return &side{name: name, cc: cc, policy: cc.Build(balancer.Get(name)), last: connectivity.Connecting}
	}
	s := &script{t: t, theirs: newSide(p.theirs), ours: newSide(p.ours), lists: lists}
	if p.ours == pickfirst2.Name {
		s.lists = slices.Concat(lists, renaming)
		s.diff.stickierAllowed = true
	}
	return s
}

// run has both sides take an event and tells whether they look alike after it.
func (s *script) run(e event) bool {
	s.t.Helper()
	s.log = append(s.log, e.words)
	time.Sleep(e.wait)
	for _, x := range s.hearing(e) {
		if e.do != nil {
			e.do(x)
		}
		synctest.Wait() // grpc-go's round_robin reconnects on a goroutine of its own
	}
	want, got := s.theirs.observe(), s.ours.observe()
	if s.diff.allows(e, want, got) {
		return true
	}
	s.t.Errorf("after\n\t%s\n grpc-go: %+v\nbalancer2: %+v", strings.Join(s.log, "\n\t"), want, got)
	return false
}

// hearing returns the sides that take the event.
func (s *script) hearing(e event) []*side {
	both := []*side{s.theirs, s.ours}
	if e.update == nil {
		return both
	}
	_, oursAlone := s.diff.goesOn(*e.update, s.theirs)
	s.diff.note(*e.update, s.theirs.last)
	if oursAlone {
		return both[1:]
	}
	return both
}

// close closes both policies. Nothing may be left of either.
func (s *script) close() {
	for name, x := range map[string]*side{"grpc-go": s.theirs, "balancer2": s.ours} {
		x.policy.Close()
		if live := x.cc.Live(); len(live) > 0 {
			s.t.Errorf("after\n\t%s\nand Close, %s leaves %v", strings.Join(s.log, "\n\t"), name, live)
		}
	}
}

// fail returns what makes a SubConn fail. Under pick_first some causes hold a
// status, which RPCs then end with. Under round_robin none does: grpc-go's goes
// over the errors of all endpoints, ours tells of the last few in one.
func (s *script) fail(key string) func(*balancertest.SubConn) {
	cause := errors.New("refused")
	if s.ours.name == pickfirst2.Name && strings.HasPrefix(key, "b:1") {
		cause = status.Error(codes.PermissionDenied, "not you")
	}
	return func(sc *balancertest.SubConn) { sc.Fail(cause) }
}

// The events.

func update(endpoints ...resolver.Endpoint) event {
	return event{
		words:  "update " + describeEndpoints(endpoints),
		do:     func(s *side) { _ = s.policy.Update(endpoints...) },
		update: &resolverUpdate{endpoints: endpoints},
	}
}

// gatedUpdate is an update by a parent that wants the health listener followed.
func gatedUpdate(endpoints ...resolver.Endpoint) event {
	return event{
		words: "gated update " + describeEndpoints(endpoints),
		do: func(s *side) {
			state := pickfirst.EnableHealthListener(balancertest.ResolverState(endpoints...))
			_ = s.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: state})
		},
		update: &resolverUpdate{endpoints: endpoints, gated: true},
	}
}

func resolverError() event {
	return event{words: "resolver error", do: func(s *side) { s.policy.ResolverError(errResolver) }}
}

func exitIdle() event { return event{words: "exit idle", do: func(s *side) { s.policy.ExitIdle() }} }

func onePick() event { return event{words: "pick", do: func(s *side) { _, _ = s.cc.Pick() }} }

func wait(d time.Duration) event {
	return event{words: "wait " + d.String(), wait: d}
}

// connEvent is what happens to the live SubConn to an address, if there is one.
func connEvent(key, words string, do func(*balancertest.SubConn)) event {
	return event{words: key + " " + words, do: func(s *side) {
		for _, sc := range s.cc.Live() {
			if connKey(sc) == key {
				do(sc)
				return
			}
		}
	}}
}

func connKey(sc *balancertest.SubConn) string { return sc.Addr() + "/" + sc.Address().ServerName }

func describeEndpoints(endpoints []resolver.Endpoint) string {
	var parts []string
	for _, e := range endpoints {
		var addrs []string
		for _, a := range e.Addresses {
			addrs = append(addrs, a.Addr+"/"+a.ServerName)
		}
		parts = append(parts, strings.Join(addrs, " "))
	}
	return strings.Join(parts, " | ")
}
