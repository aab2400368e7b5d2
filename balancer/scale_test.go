package balancer_test

import (
	"math"
	"runtime"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// These hold what does not depend on the machine: allocations, bytes, pickers.
// Times are for the benchmarks. Not parallel: they look at the heap.

func TestPicksDoNotAllocate(t *testing.T) {
	for _, policy := range []string{pickfirst2.Name, roundrobin2.Name} {
		for _, n := range []int{3, 100, 10_000} {
			f := newFleet(t, policy, n).startUp()
			picker := f.cc.State().Picker
			allocs := testing.AllocsPerRun(100, func() { pickDone(t, picker, 100) })
			if allocs != 0 {
				t.Errorf("%s, %d endpoints: %v allocations in 100 RPCs, want 0", policy, n, allocs)
			}
			f.policy.Close()
		}
	}
}

func TestStartUpAllocatesInProportion(t *testing.T) {
	bytes := func(n int) float64 {
		f := newFleet(t, roundrobin2.Name, n)
		defer f.policy.Close()
		_, allocated := measured(func() { f.startUp() })
		return float64(allocated)
	}
	bytes(10) // what the first one makes for all
	for _, sizes := range [][2]int{{100, 1000}, {1000, 10_000}, {10_000, 30_000}} {
		exponent := math.Log(bytes(sizes[1])/bytes(sizes[0])) / math.Log(float64(sizes[1])/float64(sizes[0]))
		if exponent > 1.1 {
			t.Errorf("from %d to %d endpoints the bytes of the start grow with exponent %.2f, want 1.1 at most", sizes[0], sizes[1], exponent)
		}
	}
}

func TestOneFlapTakesTwoPickers(t *testing.T) {
	for _, n := range []int{10, 1000, 10_000} {
		f := newFleet(t, roundrobin2.Name, n).startUp()
		awaitPicker(f, n)
		before := len(f.cc.States())
		sc := f.cc.SubConns()[n/2]
		lose(sc)
		awaitPicker(f, n-1)
		sc.Ready()
		awaitPicker(f, n)
		if got := len(f.cc.States()) - before; got != 2 {
			t.Errorf("%d endpoints: %d pickers for one flap, want 2", n, got)
		}
		f.policy.Close()
	}
}

// awaitPicker waits until a round of picks goes over that many SubConns. In
// large channels the picker may be a few milliseconds late.
func awaitPicker(f *fleet, ready int) {
	f.tb.Helper()
	for f.tb.Context().Err() == nil {
		picker := f.cc.State().Picker
		seen := make(map[balancer.SubConn]bool, ready)
		for {
			res, err := picker.Pick(balancer.PickInfo{})
			if err != nil {
				f.tb.Fatalf("Pick: %v", err)
			}
			if seen[res.SubConn] {
				break
			}
			seen[res.SubConn] = true
		}
		if len(seen) == ready {
			return
		}
		runtime.Gosched()
	}
}

func TestAnUpdateThatChangesNothingCostsNothing(t *testing.T) {
	const n = 10_000
	f := newFleetOf(t, roundrobin2.NewBuilder(), n).startUp()
	defer f.policy.Close()
	awaitPicker(f, n)
	state := balancertest.ResolverState(f.endpoints...)
	before := f.cc.State().Picker
	_, allocated := measured(func() { f.update(state) })
	if allocated > 4096 {
		t.Errorf("%d bytes allocated for %d endpoints, want next to nothing", allocated, n)
	}
	if f.cc.State().Picker != before {
		t.Error("there is a new picker")
	}
}

func TestMemoryPerEndpoint(t *testing.T) {
	const n = 2000
	builtin, ours := heldPerEndpoint(t, roundrobin.Name, n), heldPerEndpoint(t, roundrobin2.Name, n)
	if ratio := ours / builtin; ratio > .8 {
		t.Errorf("%.0f bytes per endpoint, with metrics, and %.0f of grpc-go's: %.2f of it, want .8 at most", ours, builtin, ratio)
	}
}
