package balancertest_test

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// scripted is a policy with one SubConn. On updates and state changes it calls the
// test's functions. It records the calls that it gets.
type scripted struct {
	name      string
	listens   bool
	onUpdate  func() error
	onSubConn func(connectivity.State)
	cc        balancer.ClientConn
	sc        balancer.SubConn
	heard     []string
	misrouted error // a call of UpdateSubConnState that should not have come
}

func (s *scripted) Name() string { return s.name }

func (s *scripted) Build(cc balancer.ClientConn, _ balancer.BuildOptions) balancer.Balancer {
	s.cc = cc
	var opts balancer.NewSubConnOptions
	if s.listens {
		opts.StateListener = s.changed
	}
	s.sc, _ = cc.NewSubConn([]resolver.Address{{Addr: s.name}}, opts)
	s.sc.Connect()
	return s
}

func (s *scripted) UpdateClientConnState(balancer.ClientConnState) error {
	s.heard = append(s.heard, "update")
	if s.onUpdate == nil {
		return nil
	}
	return s.onUpdate()
}

func (s *scripted) UpdateSubConnState(sc balancer.SubConn, state balancer.SubConnState) {
	if s.listens || sc != s.sc {
		s.misrouted = fmt.Errorf("UpdateSubConnState(%v, %v)", sc, state)
	}
	s.changed(state)
}

func (s *scripted) changed(state balancer.SubConnState) {
	s.heard = append(s.heard, state.ConnectivityState.String())
	if s.onSubConn != nil {
		s.onSubConn(state.ConnectivityState)
	}
}

func (s *scripted) ResolverError(error) { s.heard = append(s.heard, "error") }
func (s *scripted) ExitIdle()           { s.heard = append(s.heard, "exit idle") }
func (s *scripted) Close()              { s.sc.Shutdown() }

func (s *scripted) wantHeard(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.heard, want) {
		t.Errorf("%s heard %q, want %q", s.name, s.heard, want)
	}
	if s.misrouted != nil {
		t.Errorf("%s: %v", s.name, s.misrouted)
	}
}
