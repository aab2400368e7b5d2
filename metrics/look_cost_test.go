package metrics_test

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Not parallel: it measures allocations. Half of what an answer may allocate is for
// the data.
func TestDataOfTenThousandBackendsAllocateLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget")
	}
	backends := 10_000
	for name, opts := range map[string][]metrics.Option{"counts": nil, "latency": {metrics.WithLatency()}} {
		synctest.Test(t, func(t *testing.T) {
			m := metrics.New(opts...)
			crowd(t, m, backends)
			look := func() {
				time.Sleep(2 * time.Second) // so that each look takes a sample
				metrics.LookBriefly(m)
			}
			for range 60 {
				look()
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			const n = 10
			for range n {
				look()
			}
			runtime.ReadMemStats(&after)
			if got := (after.TotalAlloc - before.TotalAlloc) / n; got > 500_000 {
				t.Errorf("%s: %d bytes for a look, want at most 500,000", name, got)
			}
		})
	}
}

// Not parallel: it looks at the heap. Samples of 10,000 backends take a few megabytes,
// and go with the backends.
func TestSamplesTakeLittleMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithLatency())
		s, cc := &stub{}, &looseConn{}
		p := m.Instrument(s).Build(cc, balancer.BuildOptions{})
		n := 10_000
		if raceEnabled {
			n /= 10
		}
		manyBackends(t, s, cc, n)
		before := heapSize()
		for range 60 {
			time.Sleep(2 * time.Second)
			metrics.LookBriefly(m)
		}
		if got := heapSize() - before; got > 1400*n {
			t.Errorf("the samples of %d backends take %d bytes, want at most 1,400 each", n, got)
		}
		p.Close()
		time.Sleep(10 * time.Minute)
		wantBackends(t, m)
		cc.made, cc.picker = nil, nil
		if got := heapSize() - before; got > 0 {
			t.Errorf("%d bytes more than before the samples, when the backends are gone", got)
		}
		runtime.KeepAlive(m)
	})
}

// manyBackends makes n backends, each with one RPC.
func manyBackends(t *testing.T, s *stub, cc *looseConn, n int) {
	t.Helper()
	for i := range n {
		sc := s.connect(t, fmt.Sprintf("10.0.%d.%d:443", i/256, i%256))
		s.publish(balancer.PickResult{SubConn: sc}, nil)
		res, err := cc.picker.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatal(err)
		}
		res.Done(success)
	}
}
