package metrics_test

import (
	"slices"
	"testing"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

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
	firstPolicy.Close() // gRPC does not close twice, but nothing must break
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

// A policy that gRPC's graceful switch closes leaves its SubConns to gRPC, which may
// use them for a moment. The policy gets no more events for them.
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
	cc.SubConn("a:1").Idle() // an event of the closed policy's SubConn
	late := old.connect(t, "c:1")
	if got := scrape(t, m); len(got.ofPolicy("old")) != 0 || got.ofPolicy("next").sum("ready_subchannels") != 1 {
		t.Errorf("series: %v, want those of the next policy only", got)
	}
	late.Shutdown()
	nextPolicy.Close()
}
