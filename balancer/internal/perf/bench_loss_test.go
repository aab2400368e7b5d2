package perf_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// BenchmarkLoss measures the time from the loss of a connection to the first picker
// without it, while all other connections are lost and replaced. It reports the
// median and the maximum.
func BenchmarkLoss(b *testing.B) {
	const n = 10_000
	for _, policy := range []string{roundrobin2.Name, mapPolicy} {
		b.Run(policy, func(b *testing.B) {
			var f *fleet
			var took []float64
			var conns []*balancertest.SubConn
			other := 0
			for b.Loop() {
				// base2 pauses when a connection is lost again and again.
				if f == nil || other >= 4*n {
					if f != nil {
						f.policy.Close()
					}
					f = newFleet(b, policy, n).startUp()
					conns, other = f.cc.SubConns(), 0
				}
				victim := conns[other%n]
				other++
				last := f.cc.State().Picker
				start := time.Now()
				lose(victim)
				for {
					picker := f.cc.State().Picker
					if picker != last {
						elapsed := time.Since(start)
						if !picksConn(b, picker, victim, n) {
							took = append(took, float64(elapsed.Nanoseconds())/1e6)
							break
						}
						last = picker // a delayed one, of a change before the loss
					}
					flap(conns[other%n])
					other++
				}
				victim.Ready()
			}
			f.policy.Close()
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(took, itself), "ms/median")
			b.ReportMetric(slices.Max(took), "ms/max")
		})
	}
}

// picksConn reports whether one of the next n picks goes to the SubConn.
func picksConn(tb testing.TB, p balancer.Picker, sc *balancertest.SubConn, n int) bool {
	for range n {
		res, err := p.Pick(balancer.PickInfo{})
		if err != nil {
			tb.Fatalf("Pick: %v", err)
		}
		if res.SubConn == balancer.SubConn(sc) {
			return true
		}
	}
	return false
}
