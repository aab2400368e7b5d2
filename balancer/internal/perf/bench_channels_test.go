package perf_test

import (
	"fmt"
	"runtime"
	"testing"

	"google.golang.org/grpc/balancer/pickfirst"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// BenchmarkChannels measures picks with the end of their RPC where each worker has a
// channel and a backend of its own. No two count in the same place, so what one worker
// costs another is due to where the counts lie. All channels have one Metrics.
func BenchmarkChannels(b *testing.B) {
	m := metrics.New()
	for workers := 1; workers <= runtime.GOMAXPROCS(0); workers *= 2 {
		b.Run(fmt.Sprintf("%s/workers=%d", pickfirst2.Name, workers), func(b *testing.B) {
			var theirs, ours []*fleet
			for i := range workers {
				theirs = append(theirs, newFleet(b, pickfirst.Name, 1).startUp())
				one := newFleetOf(b, m.Instrument(pickfirst2.NewBuilder()), 1)
				one.endpoints = endpoints(i, 1)
				ours = append(ours, one.startUp())
			}
			compare(b, picksPerWorker, parallelPicks(theirs...), parallelPicks(ours...))
			b.ReportMetric(float64(runtime.NumCPU()), "cores")
			for i := range workers {
				theirs[i].policy.Close()
				ours[i].policy.Close()
			}
		})
	}
}
