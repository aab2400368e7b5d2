package record_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// BenchmarkCounts shows what it is worth that counts lie apart: each worker counts picks
// of a backend of its own. ns/op is the time that each of them takes for one.
func BenchmarkCounts(b *testing.B) {
	for workers := 1; workers <= runtime.GOMAXPROCS(0); workers *= 2 {
		backends := acquire(b, 1000)
		for _, from := range []struct {
			name  string
			first int
		}{{"apart", 0}, {"together", 500}} {
			b.Run(fmt.Sprintf("%s/workers=%d", from.name, workers), func(b *testing.B) {
				countAtOnce(b, backends[from.first:][:workers])
				b.ReportMetric(float64(runtime.NumCPU()), "cores")
			})
		}
	}
}

// countAtOnce counts b.N picks of each backend, all backends at the same time. The clock
// starts when all workers run.
func countAtOnce(b *testing.B, backends []*record.Backend) {
	var ready, all sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(len(backends))
	for _, one := range backends {
		all.Go(func() {
			counts := one.Counts()
			ready.Done()
			<-begin
			for range b.N {
				counts.CountPick()
			}
		})
	}
	ready.Wait()
	b.ResetTimer()
	close(begin)
	all.Wait()
}
