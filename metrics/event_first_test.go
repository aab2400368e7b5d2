package metrics_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// The page says how long the resolver has been failing, so the first error counts.
func TestAnEventThatStandsForSeveralHasTheTimeOfTheFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		p := m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
		start := time.Now()
		for range 3 {
			time.Sleep(time.Minute)
			p.ResolverError(errors.New("no such host"))
		}
		e := only(t, m).Events[0]
		if e.N != 3 || !e.First.Equal(start.Add(time.Minute)) || !e.At.Equal(start.Add(3*time.Minute)) {
			t.Errorf("%+v, want 3 errors, from a minute to 3 minutes after %v", e, start)
		}
	})
}

// A policy may report a state after Close, which gRPC ignores.
func TestAClosedInstanceHasNoMoreStates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc := &stub{}, &looseConn{}
		p := m.Instrument(s).Build(cc, balancer.BuildOptions{})
		sc := s.connect(t, "a:1")
		s.publish(balancer.PickResult{SubConn: sc}, nil)
		p.Close()
		before := only(t, m).Events
		s.cc.UpdateState(balancer.State{ConnectivityState: connectivity.TransientFailure})
		if events := only(t, m).Events; len(events) != len(before) {
			t.Errorf("the newest event is %+v, want none after the instance was closed", events[0])
		}
	})
}
