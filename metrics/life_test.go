package metrics_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// pickOf starts an RPC on the SubConn, and ends it when the returned function is
// called.
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
		s.connect(t, "a:1").Shutdown() // unseen by any scrape, and yet a use
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
		// The retention begins with the scrape that sees the end.
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

// The first scrape for a long time has to show the last of a backend's RPCs.
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

// The picker that gRPC uses may be older than the SubConn's end.
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

func TestChannelsToOneTargetShareSeries(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithRetention(0))
	first, firstCC, firstPolicy := metered(t, m)
	second, secondCC, secondPolicy := metered(t, m)
	third := &stub{}
	thirdPolicy := balancertest.NewClientConn(t).BuildWithTarget(m.Instrument(third), "test:///other")
	third.connect(t, "a:1")
	pickOf(t, first, firstCC, first.connect(t, "a:1"))()
	first.connect(t, "only first:1")
	pickOf(t, second, secondCC, second.connect(t, "a:1"))()
	firstCC.SubConn("a:1").Ready()
	secondCC.SubConn("a:1").Ready()

	check := func(channels, readySubConns float64, backends ...string) {
		t.Helper()
		got := scrape(t, m).ofTarget(balancertest.Target)
		if n := got.sum("policy_instances"); n != channels {
			t.Errorf("channels = %v, want %v", n, channels)
		}
		if n := got.sum("ready_subchannels"); n != readySubConns {
			t.Errorf("READY SubConns = %v, want %v", n, readySubConns)
		}
		if n := got.sum("picks_total"); n != 2 {
			t.Errorf("picks = %v, want 2, of both channels", n)
		}
		if b := got.backends(); !slices.Equal(b, backends) {
			t.Errorf("backends: %v, want %v", b, backends)
		}
	}
	check(2, 2, "a:1", "only first:1")
	firstPolicy.Close()
	check(1, 1, "a:1")
	firstPolicy.Close() // gRPC does not; nothing must break
	check(1, 1, "a:1")
	secondPolicy.Close()
	if got := scrape(t, m).ofTarget(balancertest.Target); len(got) != 0 {
		t.Errorf("series after the last channel: %v, want none", got)
	}
	if got := scrape(t, m).ofTarget("test:///other").backends(); len(got) != 1 {
		t.Errorf("backends of the other target: %v, want its own", got)
	}
	thirdPolicy.Close()
}

// A policy closed by gRPC's graceful switch leaves its SubConns to gRPC, which
// may need them for a moment, and gets no events for them.
func TestClosedPolicyTakesItsSubConnsAlong(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithRetention(0))
	cc := balancertest.NewClientConn(t)
	old, next := &stub{name: "old"}, &stub{name: "next"}
	oldPolicy := cc.Build(m.Instrument(old))
	old.connect(t, "a:1")
	cc.SubConn("a:1").Ready()
	nextPolicy := cc.Build(m.Instrument(next))
	next.connect(t, "b:1")
	cc.SubConn("b:1").Ready()
	oldPolicy.Close()
	if got := scrape(t, m).ofPolicy("old"); len(got) != 0 {
		t.Errorf("series of the closed policy: %v, want none", got)
	}
	cc.SubConn("a:1").Idle() // still there; the closed policy's matter
	late := old.connect(t, "c:1")
	if got := scrape(t, m); len(got.ofPolicy("old")) != 0 || got.ofPolicy("next").sum("ready_subchannels") != 1 {
		t.Errorf("series: %v, want those of the next policy only", got)
	}
	late.Shutdown()
	nextPolicy.Close()
}

// Nobody scrapes, and backends come and go: what has expired is dropped when
// others are made. The last scrape may find only what came after that.
func TestRecordsDoNotPileUpUnscraped(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithRetention(0))
	s, _, _ := metered(t, m)
	const n = 10_000
	for i := range n {
		s.connect(t, fmt.Sprintf("10.0.%d.%d:1", i/256, i%256)).Shutdown()
	}
	if got := metrics.Records(m); got > 200 {
		t.Errorf("records after %d backends have come and gone: %d, want at most 200", n, got)
	}
	wantBackends(t, m)
}
