package perf_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

const (
	viewers   = 20
	refresh   = 2 * time.Second // how often the page refreshes itself
	viewedFor = 2 * time.Second
)

// BenchmarkPickWhileViewed measures the 99th percentile of the time that a pick with the
// end of its RPC takes. It alternates between no viewer of the live page and 20.
func BenchmarkPickWhileViewed(b *testing.B) {
	for _, n := range []int{3, 200, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := metrics.New(metrics.WithMaxBackends(0))
			f := newFleetOf(b, m.Instrument(roundrobin2.NewBuilder()), n).startUp()
			defer f.policy.Close()
			picker := f.cc.State().Picker
			var alone, viewed []float64
			for b.Loop() {
				alone = append(alone, slowPick(b, picker))
				stop := view(m.Handler())
				viewed = append(viewed, slowPick(b, picker))
				stop()
			}
			before, after := median(alone, itself), median(viewed, itself)
			b.ReportMetric(0, "ns/op") // omits it
			b.ReportMetric(before, "p99-ns/alone")
			b.ReportMetric(after, "p99-ns/viewed")
			b.ReportMetric(after/before, "ratio")
		})
	}
}

// view makes the viewers load the page again and again until stop is called.
func view(page http.Handler) (stop func()) {
	done := make(chan struct{})
	var looking sync.WaitGroup
	for i := range viewers {
		looking.Go(func() {
			next := time.NewTimer(refresh * time.Duration(i) / viewers) // not all at once
			defer next.Stop()
			for {
				select {
				case <-next.C:
					next.Reset(refresh)
					page.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
				case <-done:
					return
				}
			}
		})
	}
	return func() {
		close(done)
		looking.Wait()
	}
}

// slowPick returns the 99th percentile of the time that a pick with the end of its RPC
// takes, in nanoseconds.
func slowPick(b *testing.B, picker balancer.Picker) float64 {
	b.Helper()
	var took [1 << 16]int // picks by nanoseconds; the last counts all slower ones, too
	picks := 0
	for began := time.Now(); time.Since(began) < viewedFor; {
		for range 1000 {
			start := time.Now()
			pickDone(b, picker, 1)
			took[min(time.Since(start), time.Duration(len(took)-1))]++
			picks++
		}
	}
	slower := 0
	for ns := len(took) - 1; ns > 0; ns-- {
		if slower += took[ns]; slower*100 >= picks {
			return float64(ns)
		}
	}
	return 0
}
