package metrics_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics"
)

const (
	idle       = connectivity.Idle
	connecting = connectivity.Connecting
	ready      = connectivity.Ready
	failure    = connectivity.TransientFailure
	shutdown   = connectivity.Shutdown
)

func TestStatesAreCounted(t *testing.T) {
	t.Parallel()
	const (
		success    = "connection_attempts_succeeded_total a:1"
		failed     = "connection_attempts_failed_total a:1"
		lost       = "disconnections_total a:1"
		early      = "early_disconnections_total a:1"
		readyNow   = "ready_subchannels a:1"
		timed      = "connect_duration_seconds_count"
		subchannel = "subchannels "
	)
	tests := []struct {
		states []connectivity.State
		want   map[string]float64
	}{
		{nil, map[string]float64{subchannel + "IDLE": 1}},
		{[]connectivity.State{connecting}, map[string]float64{subchannel + "CONNECTING": 1}},
		{[]connectivity.State{connecting, ready}, map[string]float64{subchannel + "READY": 1, readyNow: 1, success: 1, timed: 1}},
		{[]connectivity.State{connecting, failure}, map[string]float64{subchannel + "TRANSIENT_FAILURE": 1, failed: 1}},
		{[]connectivity.State{connecting, failure, idle}, map[string]float64{subchannel + "IDLE": 1, failed: 1}},
		{[]connectivity.State{connecting, failure, idle, connecting, ready}, map[string]float64{subchannel + "READY": 1, readyNow: 1, failed: 1, success: 1, timed: 1}},
		{[]connectivity.State{connecting, ready, idle}, map[string]float64{subchannel + "IDLE": 1, success: 1, timed: 1, lost: 1, early: 1}},
		{[]connectivity.State{connecting, ready, connecting}, map[string]float64{subchannel + "CONNECTING": 1, success: 1, timed: 1, lost: 1, early: 1}},
		{[]connectivity.State{connecting, ready, failure}, map[string]float64{subchannel + "TRANSIENT_FAILURE": 1, success: 1, timed: 1, lost: 1, early: 1}},
		{[]connectivity.State{connecting, ready, connecting, ready}, map[string]float64{subchannel + "READY": 1, readyNow: 1, success: 2, timed: 1, lost: 1, early: 1}},
		{[]connectivity.State{connecting, ready, connecting, idle}, map[string]float64{subchannel + "IDLE": 1, success: 2, timed: 1, lost: 2, early: 2}},
		{[]connectivity.State{connecting, ready, connecting, idle, connecting, ready}, map[string]float64{subchannel + "READY": 1, readyNow: 1, success: 3, timed: 2, lost: 2, early: 2}},
		{[]connectivity.State{connecting, ready, connecting, failure, idle, connecting, ready}, map[string]float64{subchannel + "READY": 1, readyNow: 1, success: 2, timed: 2, lost: 1, early: 1, failed: 1}},
		{[]connectivity.State{connecting, ready, failure, idle, connecting, ready}, map[string]float64{subchannel + "READY": 1, readyNow: 1, success: 2, timed: 2, lost: 1, early: 1}},
		{[]connectivity.State{connecting, idle}, map[string]float64{subchannel + "IDLE": 1, success: 1, lost: 1, early: 1}},
		{[]connectivity.State{ready}, map[string]float64{subchannel + "READY": 1, readyNow: 1, success: 1}},
		{[]connectivity.State{failure}, map[string]float64{subchannel + "TRANSIENT_FAILURE": 1, failed: 1}},
		{[]connectivity.State{failure, connecting, ready}, map[string]float64{subchannel + "READY": 1, readyNow: 1, failed: 1, success: 1, timed: 1}},
		{[]connectivity.State{connecting, ready, ready, ready}, map[string]float64{subchannel + "READY": 1, readyNow: 1, success: 1, timed: 1}},
		{[]connectivity.State{connecting, ready, shutdown}, map[string]float64{success: 1, timed: 1}},
		{[]connectivity.State{connecting, shutdown}, map[string]float64{}},
		{[]connectivity.State{connecting, ready, shutdown, shutdown, idle, ready}, map[string]float64{success: 1, timed: 1}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.states), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // where a connection lives for no time
				m := metrics.New()
				cc, s := &looseConn{}, &stub{}
				m.Instrument(s).Build(cc, balancer.BuildOptions{})
				var heard []connectivity.State
				s.connectWith(t, "a:1", func(s balancer.SubConnState) { heard = append(heard, s.ConnectivityState) })
				cc.made[0].state(tt.states...)

				tt.want["policy_instances"] = 1
				if n := tt.want[readyNow]; n > 0 { // nobody watches their health
					tt.want["usable_subchannels a:1"] = n
				}
				if diff := cmp.Diff(tt.want, scrape(t, m).nonzero()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if !slices.Equal(heard, tt.states) {
					t.Errorf("the policy got %v, want %v", heard, tt.states)
				}
			})
		})
	}
}

func TestConnectionsThatAreLostWithinASecondAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc, _ := metered(t, m)
		conn := s.connect(t, "a:1")
		for _, life := range []time.Duration{time.Second - 1, time.Second, time.Hour} {
			cc.SubConn("a:1").Ready()
			time.Sleep(life)
			cc.SubConn("a:1").Idle()
			conn.Connect()
		}
		got := scrape(t, m)
		if early, all := got.sum("early_disconnections_total"), got.sum("disconnections_total"); early != 1 || all != 3 {
			t.Errorf("%v of %v disconnections were early, want 1 of 3", early, all)
		}
	})
}

func TestUnknownStatesAreForwardedOnly(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	cc, s := &looseConn{}, &stub{}
	m.Instrument(s).Build(cc, balancer.BuildOptions{})
	heard := 0
	s.connectWith(t, "a:1", func(balancer.SubConnState) { heard++ })
	cc.made[0].state(shutdown+1, -1)
	if got := scrape(t, m).nonzero()["subchannels IDLE"]; heard != 2 || got != 1 {
		t.Errorf("the policy got %d states, %v SubConns are IDLE, want 2 and 1", heard, got)
	}
}

func TestConnectDurationIsTimeFromConnectingToReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc, _ := metered(t, m)
		s.connect(t, "a:1")
		time.Sleep(time.Hour)
		cc.SubConn("a:1").Connecting()
		time.Sleep(30 * time.Millisecond)
		cc.SubConn("a:1").Ready()
		if got := connectDurationSum(t, m); got != 0.03 {
			t.Errorf("sum of connect durations is %v s, want 0.03 s", got)
		}
	})
}

func TestSubConnLeavesOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		act  func(*stub, balancer.SubConn, *looseSubConn, balancer.Balancer)
	}{
		// gRPC's SHUTDOWN event comes late, or never.
		{"shut down", func(_ *stub, sc balancer.SubConn, _ *looseSubConn, _ balancer.Balancer) { sc.Shutdown() }},
		{"removed", func(s *stub, sc balancer.SubConn, _ *looseSubConn, _ balancer.Balancer) { s.cc.RemoveSubConn(sc) }},
		{"left open, without an event", func(_ *stub, _ balancer.SubConn, _ *looseSubConn, p balancer.Balancer) { p.Close() }},
		{"shut down twice", func(_ *stub, sc balancer.SubConn, _ *looseSubConn, _ balancer.Balancer) {
			sc.Shutdown()
			sc.Shutdown()
		}},
		{"shut down, then event", func(_ *stub, sc balancer.SubConn, l *looseSubConn, _ balancer.Balancer) {
			sc.Shutdown()
			l.state(shutdown)
		}},
		{"removed, then event", func(s *stub, sc balancer.SubConn, l *looseSubConn, _ balancer.Balancer) {
			s.cc.RemoveSubConn(sc)
			l.state(shutdown)
		}},
		{"shut down by the closing policy, then event", func(s *stub, sc balancer.SubConn, l *looseSubConn, p balancer.Balancer) {
			s.onClose = sc.Shutdown
			p.Close()
			l.state(shutdown)
		}},
		{"left open by the closed policy", func(_ *stub, sc balancer.SubConn, l *looseSubConn, p balancer.Balancer) {
			p.Close()
			l.state(idle, connecting, shutdown)
			sc.Shutdown()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := metrics.New()
			cc, s := &looseConn{}, &stub{}
			p := m.Instrument(s).Build(cc, balancer.BuildOptions{})
			sc := s.connect(t, "a:1")
			cc.made[0].state(connecting, ready)
			tt.act(s, sc, cc.made[0], p)
			got := scrape(t, m)
			if r, n := got.sum("ready_subchannels"), got.sum("subchannels"); r != 0 || n != 0 {
				t.Errorf("READY SubConns = %v, SubConns = %v, want 0 and 0", r, n)
			}
			if got := got.sum("disconnections_total"); got != 0 {
				t.Errorf("disconnections = %v, want 0", got)
			}
		})
	}
}

func TestGRPCSeesItsOwnSubConns(t *testing.T) {
	t.Parallel()
	cc, s := &looseConn{}, &stub{}
	metrics.New().Instrument(s).Build(cc, balancer.BuildOptions{})
	sc := s.connect(t, "a:1")
	foreign := &looseSubConn{}
	s.cc.UpdateAddresses(sc, []resolver.Address{{Addr: "b:1"}})
	s.cc.UpdateAddresses(foreign, nil)
	s.cc.RemoveSubConn(sc)
	s.cc.RemoveSubConn(foreign)
	want := []balancer.SubConn{cc.made[0], foreign}
	if !slices.Equal(cc.updated, want) || !slices.Equal(cc.removed, want) {
		t.Errorf("updated %v, removed %v, want %v for both", cc.updated, cc.removed, want)
	}
	if got := fmt.Sprint(sc); got != "loose" {
		t.Errorf("SubConn prints as %q, want %q as gRPC's", got, "loose")
	}
	sc.Shutdown()
	if n := cc.made[0].shutdowns; n != 1 {
		t.Errorf("Shutdown reached gRPC's SubConn %d times, want 1", n)
	}
}

func TestFailedNewSubConnLeavesNoTrace(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	refusal := errors.New("refused")
	cc, s := &looseConn{}, &stub{}
	m.Instrument(s).Build(cc, balancer.BuildOptions{})
	cc.inNewSubConn = func() error { return refusal }
	sc, err := s.cc.NewSubConn([]resolver.Address{{Addr: "a:1"}}, balancer.NewSubConnOptions{})
	if sc != nil || err != refusal {
		t.Errorf("NewSubConn gave %v, %v, want nil, %v", sc, err, refusal)
	}
	if got := scrape(t, m).backends(); len(got) != 0 {
		t.Errorf("backends with series: %v, want none", got)
	}
}

// connectDurationSum returns the sum of the connect durations of the only target.
func connectDurationSum(t *testing.T, m *metrics.Metrics) float64 {
	t.Helper()
	h, ok := histograms(t, m, "connect_duration_seconds")[""]
	if !ok {
		t.Fatal("no connect duration in the scrape")
	}
	return h.GetSampleSum()
}
