package perf_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// builtinMax is the maximum number of endpoints with which grpc-go's round_robin is
// measured. It needs half a minute to start that many, and minutes for more.
const builtinMax = 10_000

// BenchmarkPick measures one pick, with and without the end of its RPC.
func BenchmarkPick(b *testing.B) {
	for _, pair := range pairs {
		for _, n := range []int{3, 100, 10_000} {
			if n > 3 && pair.ours == pickfirst2.Name {
				continue // pick_first uses one connection for any number of endpoints
			}
			benchmarkFleets(b, pair.theirs, pair.ours, n, func(b *testing.B, builtin, ours *fleet) {
				b.Run("serial", func(b *testing.B) {
					compare(b, picksPerRun, picks(builtin, pickDone), picks(ours, pickDone))
				})
				b.Run("serial in order", func(b *testing.B) {
					inOrder := newFleet(b, pair.ours, n).startUpInOrder()
					defer inOrder.policy.Close()
					compare(b, picksPerRun, picks(builtin, pickDone), picks(inOrder, pickDone))
				})
				for workers := 2; workers <= runtime.GOMAXPROCS(0); workers *= 2 {
					b.Run(fmt.Sprintf("parallel/workers=%d", workers), func(b *testing.B) {
						compare(b, picksPerWorker, parallelPicks(slices.Repeat([]*fleet{builtin}, workers)...), parallelPicks(slices.Repeat([]*fleet{ours}, workers)...))
						b.ReportMetric(float64(runtime.NumCPU()), "cores")
					})
				}
				b.Run("without Done", func(b *testing.B) {
					compare(b, picksPerRun, picks(builtin, pickOnly), picks(ours, pickOnly))
				})
			})
		}
	}
}

// benchmarkFleets runs benchmarks on two fleets of n READY endpoints, one per policy.
// It starts the fleets only if -bench selects one of the benchmarks.
func benchmarkFleets(b *testing.B, theirs, ours string, n int, run func(b *testing.B, theirs, ours *fleet)) {
	b.Run(fmt.Sprintf("%s/%d", ours, n), func(b *testing.B) {
		t, o := newFleet(b, theirs, n).startUp(), newFleet(b, ours, n).startUp()
		defer t.policy.Close()
		defer o.policy.Close()
		run(b, t, o)
	})
}

const (
	picksPerRun    = 20_000
	picksPerWorker = 500_000 // takes long enough for all workers to run at the same time
)

// picks returns a job that picks picksPerRun times.
func picks(f *fleet, pick func(testing.TB, balancer.Picker, int)) job {
	picker := f.cc.State().Picker
	return func() cost {
		return f.measured(func() { pick(f.tb, picker, picksPerRun) })
	}
}

// parallelPicks returns a job in which one worker for each of the fleets, which can be
// the same, picks picksPerWorker times. The clock starts when all of them run.
func parallelPicks(fleets ...*fleet) job {
	return func() cost {
		var ready, all sync.WaitGroup
		begin := make(chan struct{})
		ready.Add(len(fleets))
		for _, f := range fleets {
			picker := f.cc.State().Picker
			all.Go(func() {
				ready.Done()
				<-begin
				pickDone(f.tb, picker, picksPerWorker)
			})
		}
		ready.Wait()
		return fleets[0].measured(func() {
			close(begin)
			all.Wait()
		})
	}
}

// BenchmarkStartUp measures the time from the first resolver update to the picker
// with all endpoints.
func BenchmarkStartUp(b *testing.B) {
	start := func(b *testing.B, policy string, n int) job {
		return func() cost {
			f := newFleet(b, policy, n)
			defer f.policy.Close()
			return f.measured(func() { f.startUp() })
		}
	}
	for _, policy := range []string{roundrobin2.Name, mapPolicy, dataPolicy} {
		for _, n := range []int{10, 100, 1000, 10_000, 30_000} {
			b.Run(fmt.Sprintf("%s/%d", policy, n), func(b *testing.B) {
				compare(b, 1, jobUnless(n > builtinMax || policy != roundrobin2.Name && n > 1000, start(b, roundrobin.Name, n)), start(b, policy, n))
			})
		}
	}
}

// jobUnless returns j, or nil if it is to be left out.
func jobUnless(leaveOut bool, j job) job {
	if leaveOut {
		return nil
	}
	return j
}

// BenchmarkFlap measures the loss and replacement of one connection, and of all
// connections at once.
func BenchmarkFlap(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		benchmarkFleets(b, roundrobin.Name, roundrobin2.Name, n, func(b *testing.B, builtin, ours *fleet) {
			b.Run("one", func(b *testing.B) { compare(b, 1, flapOne(builtin), flapOne(ours)) })
		})
		b.Run(fmt.Sprintf("%s/%d/all", roundrobin2.Name, n), func(b *testing.B) {
			builtin := jobUnless(n >= builtinMax, flapAll(func() *fleet { return newFleet(b, roundrobin.Name, n).startUp() }))
			compare(b, 1, builtin, flapAll(func() *fleet { return newFleet(b, roundrobin2.Name, n).startUp() }))
		})
	}
}

// flapOne loses and replaces one connection per run, cycling through the endpoints.
// It waits between runs, so that base2 delays no picker and all work is measured.
// Each connection lives for more than a second, because base2 pauses before it
// replaces short-lived ones.
func flapOne(f *fleet) job {
	n := len(f.endpoints)
	rest := max(10*time.Millisecond, time.Second/time.Duration(n))
	next := n / 2
	return func() cost {
		sc := f.cc.SubConns()[next%n]
		next++
		lost := f.measured(func() { lose(sc) })
		time.Sleep(rest)
		made := f.measured(func() { f.waitForPicker(sc.Ready) })
		time.Sleep(rest)
		return lost.plus(made)
	}
}

// flapAll loses all connections and then replaces them, without waiting. Each run has
// its own fleet, because base2 pauses when connections are lost again and again.
func flapAll(start func() *fleet) job {
	return func() cost {
		f := start()
		defer f.policy.Close()
		conns := f.cc.SubConns()
		last := len(conns) - 1
		return f.measured(func() {
			for _, sc := range conns {
				lose(sc)
			}
			for _, sc := range conns[:last] {
				sc.Ready()
			}
			f.waitForPicker(conns[last].Ready)
		})
	}
}

// BenchmarkUpdate measures a resolver update that replaces none, one, half or all of
// the endpoints.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		benchmarkFleets(b, roundrobin.Name, roundrobin2.Name, n, func(b *testing.B, builtin, ours *fleet) {
			for _, changed := range []struct {
				name string
				n    int
			}{{"none", 0}, {"one", 1}, {"half", n / 2}, {"all", n}} {
				b.Run(changed.name, func(b *testing.B) {
					compare(b, 1, jobUnless(n*changed.n > 10_000_000, replace(builtin, changed.n)), replace(ours, changed.n))
				})
			}
		})
	}
}

// replace measures an update that replaces the first n endpoints. It does not measure
// the connecting to the new ones.
func replace(f *fleet, n int) job {
	next := len(f.endpoints)
	return func() cost {
		changed := append(endpoints(next, n), f.endpoints[n:]...)
		next += n
		f.endpoints = changed
		state := balancertest.ResolverState(changed...)
		took := f.measured(func() { f.update(state) })
		for _, sc := range f.cc.Live() {
			if sc.Wanted() && sc.State() == connectivity.Idle {
				sc.Ready()
			}
		}
		return took
	}
}

// BenchmarkMemory measures the heap that the policy holds per READY endpoint.
func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{1000, 4000} {
		b.Run(fmt.Sprintf("%s/%d", roundrobin2.Name, n), func(b *testing.B) {
			var theirs, ours []float64
			for b.Loop() {
				theirs = append(theirs, heapPerEndpoint(b, roundrobin.Name, n))
				ours = append(ours, heapPerEndpoint(b, roundrobin2.Name, n))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(ours, itself), "B/ours")
			b.ReportMetric(median(theirs, itself), "B/grpc-go")
			b.ReportMetric(median(ours, itself)/median(theirs, itself), "ratio")
		})
	}
}

func itself(x float64) float64 { return x }
