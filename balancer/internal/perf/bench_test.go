package perf_test

import (
	"fmt"
	"runtime"
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

// The built-in round_robin takes about half a minute to start 10,000 endpoints,
// and minutes for what is above, which is not measured.
const builtinMax = 10_000

// BenchmarkPick is one pick, alone and with the end of its RPC.
func BenchmarkPick(b *testing.B) {
	for _, pair := range pairs { // as their users have them: ours are metered
		for _, n := range []int{3, 100, 10_000} {
			if n > 3 && pair.ours == pickfirst2.Name {
				continue // it picks one connection whatever there is
			}
			inFleets(b, pair.theirs, pair.ours, n, func(b *testing.B, builtin, ours *fleet) {
				b.Run("serial", func(b *testing.B) {
					compare(b, picksPerRun, picks(builtin, 1, pickDone), picks(ours, 1, pickDone))
				})
				b.Run("serial in order", func(b *testing.B) {
					inOrder := newFleet(b, pair.ours, n).startUpInOrder()
					defer inOrder.policy.Close()
					compare(b, picksPerRun, picks(builtin, 1, pickDone), picks(inOrder, 1, pickDone))
				})
				b.Run("parallel", func(b *testing.B) {
					workers := runtime.GOMAXPROCS(0)
					compare(b, picksPerRun, picks(builtin, workers, pickDone), picks(ours, workers, pickDone))
				})
				b.Run("without Done", func(b *testing.B) {
					compare(b, picksPerRun, picks(builtin, 1, pickOnly), picks(ours, 1, pickOnly))
				})
			})
		}
	}
}

// inFleets runs benchmarks on n READY endpoints of each policy, which are started
// only if one of the benchmarks is asked for.
func inFleets(b *testing.B, theirs, ours string, n int, run func(b *testing.B, theirs, ours *fleet)) {
	b.Run(fmt.Sprintf("%s/%d", ours, n), func(b *testing.B) {
		t, o := newFleet(b, theirs, n).startUp(), newFleet(b, ours, n).startUp()
		defer t.policy.Close()
		defer o.policy.Close()
		run(b, t, o)
	})
}

const picksPerRun = 20_000

// picks has the workers share the picks of a run.
func picks(f *fleet, workers int, pick func(testing.TB, balancer.Picker, int)) job {
	picker := f.cc.State().Picker
	return func() cost {
		return f.measured(func() {
			var all sync.WaitGroup
			for range workers - 1 {
				all.Go(func() { pick(f.tb, picker, picksPerRun/workers) })
			}
			pick(f.tb, picker, picksPerRun/workers)
			all.Wait()
		})
	}
}

// BenchmarkStartUp is the time from the first resolver update until the picker
// has all endpoints.
func BenchmarkStartUp(b *testing.B) {
	start := func(b *testing.B, policy string, n int) job {
		return func() cost {
			f := newFleet(b, policy, n)
			defer f.policy.Close()
			return f.measured(func() { f.startUp() })
		}
	}
	for _, policy := range []string{roundrobin2.Name, mapPolicy} {
		for _, n := range []int{10, 100, 1000, 10_000, 30_000} {
			b.Run(fmt.Sprintf("%s/%d", policy, n), func(b *testing.B) {
				compare(b, 1, unless(n > builtinMax || policy == mapPolicy && n > 1000, start(b, roundrobin.Name, n)), start(b, policy, n))
			})
		}
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
		inFleets(b, roundrobin.Name, roundrobin2.Name, n, func(b *testing.B, builtin, ours *fleet) {
			b.Run("one", func(b *testing.B) { compare(b, 1, flapOne(builtin), flapOne(ours)) })
		})
		b.Run(fmt.Sprintf("%s/%d/all", roundrobin2.Name, n), func(b *testing.B) {
			builtin := unless(n >= builtinMax, flapAll(func() *fleet { return newFleet(b, roundrobin.Name, n).startUp() }))
			compare(b, 1, builtin, flapAll(func() *fleet { return newFleet(b, roundrobin2.Name, n).startUp() }))
		})
	}
}

// flapOne is what the loss of a connection and a new one take, of one endpoint
// after the other. Between them is time, as in life, so that no picker is put off:
// what is measured is all that is done. Each connection lives for more than a
// second, or base2 would pause before the next.
func flapOne(f *fleet) job {
	n := len(f.endpoints)
	rest := max(10*time.Millisecond, time.Second/time.Duration(n))
	next := n / 2
	return func() cost {
		sc := f.cc.SubConns()[next%n]
		next++
		lost := f.measured(func() { lose(sc) })
		time.Sleep(rest)
		made := f.measured(func() { f.published(sc.Ready) })
		time.Sleep(rest)
		return lost.plus(made)
	}
}

// flapAll is the same for all endpoints at once, without a rest. A fleet is used
// once, since base2 would pause when its connections are lost again and again.
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
			f.published(conns[last].Ready)
		})
	}
}

// BenchmarkUpdate is a resolver update of which none, one, half or all of the
// endpoints are new.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		inFleets(b, roundrobin.Name, roundrobin2.Name, n, func(b *testing.B, builtin, ours *fleet) {
			for _, changed := range []struct {
				name string
				n    int
			}{{"none", 0}, {"one", 1}, {"half", n / 2}, {"all", n}} {
				b.Run(changed.name, func(b *testing.B) {
					compare(b, 1, unless(n*changed.n > 10_000_000, replace(builtin, changed.n)), replace(ours, changed.n))
				})
			}
		})
	}
}

// replace has the resolver replace the first endpoints. It is not measured for
// bringing the new ones up.
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
			b.ReportMetric(median(ours, itself), "B/ours")
			b.ReportMetric(median(theirs, itself), "B/grpc-go")
			b.ReportMetric(median(ours, itself)/median(theirs, itself), "ratio")
		})
	}
}

func itself(x float64) float64 { return x }
