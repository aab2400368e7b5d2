package metrics_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// latencies plays a target whose backends a and b take 1 and 40 ms for each of 20 RPCs,
// and c gets none. It looks at the target, and does it all twice more, so soon that the
// short window begins at the look before.
func latencies(t *testing.T, m *metrics.Metrics, look func()) {
	t.Helper()
	s, cc := &stub{}, &looseConn{}
	m.Instrument(s).Build(cc, balancer.BuildOptions{})
	a, b := s.connect(t, "a:1"), s.connect(t, "b:1")
	s.connect(t, "c:1")
	play := func(sc balancer.SubConn, took time.Duration) {
		s.publish(balancer.PickResult{SubConn: sc}, nil)
		for range 20 {
			res, err := cc.picker.Pick(balancer.PickInfo{})
			if err != nil {
				t.Fatalf("Pick: %v", err)
			}
			time.Sleep(took)
			res.Done(success)
		}
	}
	for range 3 {
		time.Sleep(20 * time.Second)
		play(a, time.Millisecond)
		play(b, 40*time.Millisecond)
		look()
	}
}

// Each backend has the latency of its own RPCs in the window, and of no earlier ones.
// Not parallel: the second part must find the memory of the first.
func TestALookTellsTheLatencyOfEachBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, last := metrics.New(metrics.WithLatency()), livestatus.Status{}
		latencies(t, m, func() { last = only(t, m) })
		wantLatency(t, last, map[string]livestatus.Latency{"a:1": {Count: 20, Mean: time.Millisecond}, "b:1": {Count: 20, Mean: 40 * time.Millisecond}, "c:1": {}})
		metrics.LookBriefly(m) // leaves its memory to the next look
		unmeasured := metrics.New()
		latencies(t, unmeasured, func() {
			for _, b := range only(t, unmeasured).Backends {
				if got := b.Recent.Short.Latency; got.Count != 0 || got.P99 != 0 {
					t.Errorf("%s, which is not measured, has %+v", b.Name, got)
				}
			}
		})
	})
}

// wantLatency compares the short windows.
func wantLatency(t *testing.T, st livestatus.Status, want map[string]livestatus.Latency) {
	t.Helper()
	for _, b := range st.Backends {
		got := b.Recent.Short.Latency
		if w := want[b.Name]; got.Count != w.Count || got.Mean != w.Mean || got.Estimated {
			t.Errorf("%s has %+v in %v, want %d RPCs of %v", b.Name, got, b.Recent.Short.Span, w.Count, w.Mean)
		}
	}
	if len(st.Backends) != len(want) {
		t.Errorf("%d backends, want %d", len(st.Backends), len(want))
	}
}
