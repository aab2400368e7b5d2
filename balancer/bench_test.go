package balancer_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// The built-in round_robin takes about half a minute to start 10,000 endpoints,
// and minutes for what is above, which is not measured.
const builtinMax = 10_000

// BenchmarkPick is one pick with the end of its RPC.
func BenchmarkPick(b *testing.B) {
	for _, pair := range pairs { // as their users have them: ours are metered
		for _, n := range []int{3, 100, 10_000} {
			if n > 3 && pair.ours == pickfirst2.Name {
				continue // it picks one connection whatever there is
			}
			builtin := newFleet(b, pair.theirs, n).startUp()
			ours := newFleet(b, pair.ours, n).startUp()
			b.Run(fmt.Sprintf("%s/%d/serial", pair.ours, n), func(b *testing.B) {
				compare(b, picksPerRun, serialPicks(b, builtin), serialPicks(b, ours))
			})
			b.Run(fmt.Sprintf("%s/%d/parallel", pair.ours, n), func(b *testing.B) {
				compare(b, picksPerRun, parallelPicks(b, builtin), parallelPicks(b, ours))
			})
			builtin.policy.Close()
			ours.policy.Close()
		}
	}
}

const picksPerRun = 20_000

func serialPicks(b *testing.B, f *fleet) job {
	picker := f.cc.State().Picker
	return func() (time.Duration, uint64) {
		return measured(func() { pickDone(b, picker, picksPerRun) })
	}
}

func parallelPicks(b *testing.B, f *fleet) job {
	picker := f.cc.State().Picker
	workers := runtime.GOMAXPROCS(0)
	return func() (time.Duration, uint64) {
		return measured(func() {
			var all sync.WaitGroup
			for range workers {
				all.Go(func() { pickDone(b, picker, picksPerRun/workers) })
			}
			all.Wait()
		})
	}
}

// BenchmarkStartUp is the time from the first resolver update until all
// endpoints are READY.
func BenchmarkStartUp(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000, 30_000} {
		b.Run(fmt.Sprintf("round_robin2/%d", n), func(b *testing.B) {
			start := func(policy string) job {
				return func() (time.Duration, uint64) {
					f := newFleet(b, policy, n)
					defer f.policy.Close()
					return measured(func() { f.startUp() })
				}
			}
			compare(b, 1, unless(n > builtinMax, start(roundrobin.Name)), start(roundrobin2.Name))
		})
	}
}

func unless(leaveOut bool, j job) job {
	if leaveOut {
		return nil
	}
	return j
}

// BenchmarkFlap is one connection lost and made again, or all of them, one
// after the other.
func BenchmarkFlap(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		builtin, ours := newFleet(b, roundrobin.Name, n).startUp(), newFleet(b, roundrobin2.Name, n).startUp()
		b.Run(fmt.Sprintf("round_robin2/%d/one", n), func(b *testing.B) {
			one := func(f *fleet) job {
				sc := f.cc.SubConns()[n/2]
				return func() (time.Duration, uint64) { return measured(func() { flap(sc) }) }
			}
			before := len(ours.cc.States())
			compare(b, 1, one(builtin), one(ours))
			b.ReportMetric(float64(len(ours.cc.States())-before)/float64(b.N), "pickers/ours")
		})
		b.Run(fmt.Sprintf("round_robin2/%d/all", n), func(b *testing.B) {
			all := func(f *fleet) job {
				conns := f.cc.SubConns()
				return func() (time.Duration, uint64) {
					return measured(func() {
						for _, sc := range conns {
							lose(sc)
						}
						for _, sc := range conns {
							sc.Ready()
						}
					})
				}
			}
			compare(b, 1, unless(n >= builtinMax, all(builtin)), all(ours))
		})
		builtin.policy.Close()
		ours.policy.Close()
	}
}

// BenchmarkUpdate is a resolver update of which none, one, half or all of the
// endpoints are new.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		builtin, ours := newFleet(b, roundrobin.Name, n).startUp(), newFleet(b, roundrobin2.Name, n).startUp()
		for _, changed := range []struct {
			name string
			n    int
		}{{"none", 0}, {"one", 1}, {"half", n / 2}, {"all", n}} {
			b.Run(fmt.Sprintf("round_robin2/%d/%s", n, changed.name), func(b *testing.B) {
				compare(b, 1, unless(n*changed.n > 10_000_000, replace(builtin, changed.n)), replace(ours, changed.n))
			})
		}
		builtin.policy.Close()
		ours.policy.Close()
	}
}

// replace has the resolver replace the first endpoints. It is not measured for
// bringing the new ones up.
func replace(f *fleet, n int) job {
	next := len(f.endpoints)
	return func() (time.Duration, uint64) {
		changed := append(endpoints(next, n), f.endpoints[n:]...)
		next += n
		f.endpoints = changed
		state := balancertest.ResolverState(changed...)
		took, bytes := measured(func() { f.update(state) })
		for _, sc := range f.cc.Live() {
			if sc.Wanted() && sc.State() == connectivity.Idle {
				sc.Ready()
			}
		}
		return took, bytes
	}
}

// BenchmarkMemory is what the policy holds per READY endpoint.
func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{1000, 4000} {
		b.Run(fmt.Sprintf("%s/%d", roundrobin2.Name, n), func(b *testing.B) {
			var theirs, ours []float64
			for b.Loop() {
				theirs = append(theirs, heldPerEndpoint(b, roundrobin.Name, n))
				ours = append(ours, heldPerEndpoint(b, roundrobin2.Name, n))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(ours), "B/ours")
			b.ReportMetric(median(theirs), "B/grpc-go")
			b.ReportMetric(median(ours)/median(theirs), "ratio")
		})
	}
}

// BenchmarkLoss is the time from the loss of a connection until there is a
// picker without it, while all other connections are lost and made again. It
// reports the longest, too.
func BenchmarkLoss(b *testing.B) {
	const n = 10_000
	f := newFleet(b, roundrobin2.Name, n).startUp()
	defer f.policy.Close()
	conns := f.cc.SubConns()
	var took []float64
	other := 1
	for b.Loop() {
		last := f.cc.State().Picker
		start := time.Now()
		lose(conns[0])
		for f.cc.State().Picker == last {
			flap(conns[other])
			other = 1 + other%(n-1)
		}
		took = append(took, float64(time.Since(start).Nanoseconds())/1e6)
		conns[0].Ready()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(took), "ms/median")
	b.ReportMetric(slices.Max(took), "ms/max")
}
