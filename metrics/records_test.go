package metrics_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// pickOf starts an RPC on the SubConn. The returned function ends it.
func pickOf(t *testing.T, s *stub, cc *balancertest.ClientConn, sc balancer.SubConn) (end func()) {
	t.Helper()
	s.publish(balancer.PickResult{SubConn: sc}, nil)
	res, err := cc.State().Picker.Pick(balancer.PickInfo{})
	if err != nil {
		t.Fatalf("Pick: %v", err)
	}
	return func() { res.Done(balancer.DoneInfo{BytesSent: true, BytesReceived: true}) }
}

func wantBackends(t *testing.T, m *metrics.Metrics, want ...string) {
	t.Helper()
	if got := scrape(t, m).backends(); !slices.Equal(got, want) {
		t.Errorf("backends with series: %v, want %v", got, want)
	}
}

func TestSeriesStayForTheRetention(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		opts      []metrics.Option
		retention time.Duration
	}{
		{"default", nil, 5 * time.Minute},
		{"a second", []metrics.Option{metrics.WithRetention(time.Second)}, time.Second},
		{"none", []metrics.Option{metrics.WithRetention(0)}, 0},
		{"negative", []metrics.Option{metrics.WithRetention(-time.Second)}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := metrics.New(tt.opts...)
				s, _, p := metered(t, m)
				sc := s.connect(t, "a:1")
				s.connect(t, "b:1")
				time.Sleep(time.Hour)
				wantBackends(t, m, "a:1", "b:1")

				sc.Shutdown()
				if tt.retention > 0 {
					time.Sleep(tt.retention - 1)
					wantBackends(t, m, "a:1", "b:1")
					time.Sleep(1)
				}
				wantBackends(t, m, "b:1")

				p.Close()
				if tt.retention > 0 {
					time.Sleep(tt.retention - 1)
					wantBackends(t, m, "b:1")
					time.Sleep(1)
				}
				if got := scrape(t, m); len(got) != 0 {
					t.Errorf("series after the last channel's retention: %v, want none", got)
				}
			})
		})
	}
}

func TestBackendThatComesBackGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc, _ := metered(t, m)
		sc := s.connect(t, "a:1")
		pickOf(t, s, cc, sc)()
		sc.Shutdown()
		time.Sleep(4 * time.Minute)
		sc = s.connect(t, "a:1")
		pickOf(t, s, cc, sc)()
		if got := scrape(t, m).sum("picks_total"); got != 2 {
			t.Errorf("picks = %v, want 2 with those of the first time", got)
		}
		time.Sleep(time.Hour)
		wantBackends(t, m, "a:1")

		sc.Shutdown()
		time.Sleep(4 * time.Minute)
		s.connect(t, "a:1").Shutdown() // a use that no scrape sees
		time.Sleep(4 * time.Minute)
		wantBackends(t, m, "a:1")
		time.Sleep(time.Minute)
		wantBackends(t, m)
		s.connect(t, "a:1")
		if got := scrape(t, m).sum("picks_total"); got != 0 {
			t.Errorf("picks of a backend that comes back too late = %v, want 0", got)
		}
	})
}

func TestRPCInFlightKeepsTheSeries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc, p := metered(t, m)
		end := pickOf(t, s, cc, s.connect(t, "a:1"))
		p.Close()
		time.Sleep(time.Hour)
		got := scrape(t, m)
		if got.sum("rpc_attempts_in_flight") != 1 || got.sum("policy_instances") != 0 {
			t.Errorf("an hour after Close, in flight = %v, channels = %v, want 1 and 0", got.sum("rpc_attempts_in_flight"), got.sum("policy_instances"))
		}
		end()
		time.Sleep(time.Hour)
		// The retention begins with the scrape that notices the end.
		if got := scrape(t, m).nonzero()["rpc_attempts_total a:1 OK"]; got != 1 {
			t.Errorf("RPCs = %v, want 1", got)
		}
		time.Sleep(5*time.Minute - 1)
		wantBackends(t, m, "a:1")
		time.Sleep(1)
		if got := scrape(t, m); len(got) != 0 {
			t.Errorf("series after the retention: %v, want none", got)
		}
	})
}

// Even the first scrape in a long time must show a backend's last RPCs.
func TestRPCThatOutlivesTheSubConnIsScraped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc, _ := metered(t, m)
		a := s.connect(t, "a:1")
		end := pickOf(t, s, cc, a)
		a.Shutdown()
		end()
		time.Sleep(time.Hour)
		if got := scrape(t, m).nonzero()["rpc_attempts_total a:1 OK"]; got != 1 {
			t.Errorf("RPCs = %v, want 1", got)
		}
	})
}

// gRPC may still use a picker that was published before the SubConn was shut down.
func TestLatePickKeepsTheSeries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc, p := metered(t, m)
		s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
		p.Close()
		time.Sleep(4 * time.Minute)
		res, err := cc.State().Picker.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatalf("Pick: %v", err)
		}
		time.Sleep(time.Hour)
		wantBackends(t, m, "a:1")
		res.Done(balancer.DoneInfo{})
		wantBackends(t, m, "a:1")
		time.Sleep(5 * time.Minute)
		wantBackends(t, m)
	})
}

// gRPC's SHUTDOWN event comes after Shutdown, and a policy may call RemoveSubConn as
// well.
func TestShutDownSubConnReleasesItsBackendOnce(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithRetention(0))
	s, cc := &stub{}, &looseConn{}
	m.Instrument(s).Build(cc, balancer.BuildOptions{})
	first := s.connect(t, "a:1")
	s.connect(t, "a:1")
	first.Shutdown()
	cc.made[0].state(connectivity.Shutdown)
	s.cc.RemoveSubConn(first)
	wantBackends(t, m, "a:1")
}
