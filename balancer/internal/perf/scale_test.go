//go:build !race

package perf_test

import (
	"math"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// These tests measure costs that do not depend on the machine: allocations, bytes and
// pickers. The race detector has costs of its own, so they do not run with it. In a synctest bubble a rebuild takes no time, so base2 delays no picker.
// The tests are not parallel because they measure the heap.

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
	bytes := func(n int) (bytes float64) {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, roundrobin2.Name, n)
			defer f.policy.Close()
			bytes = f.measured(func() { f.startUp() }).bytes
		})
		return bytes
	}
	bytes(10) // the first fleet also allocates what all fleets share
	for _, sizes := range [][2]int{{100, 1000}, {1000, 10_000}, {10_000, large}} {
		exponent := math.Log(bytes(sizes[1])/bytes(sizes[0])) / math.Log(float64(sizes[1])/float64(sizes[0]))
		if exponent > 1.1 {
			t.Errorf("from %d to %d endpoints the bytes of the start grow with exponent %.2f, want at most 1.1", sizes[0], sizes[1], exponent)
		}
	}
}

func TestOneFlapTakesTwoPickers(t *testing.T) {
	for _, n := range []int{10, 1000, 10_000, large} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, roundrobin2.Name, n).startUp()
			defer f.policy.Close()
			sc := f.cc.SubConns()[n/2]
			took := f.measuredInBubble(func() { flap(sc) })
			if took.pickers != 2 {
				t.Errorf("%d endpoints: %v pickers for one flap, want 2", n, took.pickers)
			}
			// Each of the two pickers has a list of the READY endpoints, with 24 bytes
			// for each.
			if limit := float64(2*25*n + 4096); took.bytes > limit {
				t.Errorf("%d endpoints: %v bytes allocated for one flap, want at most %v", n, took.bytes, limit)
			}
			picker := f.cc.State().Picker
			if !picksConn(t, picker, sc, n) {
				t.Errorf("%d endpoints: no RPC goes to the new connection", n)
			}
		})
	}
}

// The policy answers an update that changes nothing by reporting its current picker
// again: parents such as weighted_target wait for an answer.
func TestAnUpdateThatChangesNothingCostsNothing(t *testing.T) {
	const n = 10_000
	dualStack := endpoints(0, n)
	for i := range dualStack {
		addr := dualStack[i].Addresses[0]
		addr.Addr = "[fd00::1]:" + addr.Addr // any other address
		dualStack[i].Addresses = append(dualStack[i].Addresses, addr)
	}
	for name, endpoints := range map[string][]resolver.Endpoint{"one address": endpoints(0, n), "two": dualStack} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, roundrobin2.Name, n)
			defer f.policy.Close()
			f.endpoints = endpoints
			f.startUp()
			state := balancertest.ResolverState(endpoints...)
			took := f.measuredInBubble(func() { f.update(state) })
			if took.bytes > 4096 {
				t.Errorf("%s: %v bytes allocated for %d endpoints, want at most 4096", name, took.bytes, n)
			}
			if took.pickers != 1 {
				t.Errorf("%s: the policy reported %v times, want once", name, took.pickers)
			}
		})
	}
}

func TestAnUpdateThatChangesNothingBuildsNoPicker(t *testing.T) {
	f := newFleetOf(t, roundrobin2.NewBuilder(), 10).startUp()
	defer f.policy.Close()
	before := f.cc.State().Picker
	f.update(balancertest.ResolverState(f.endpoints...))
	if f.cc.State().Picker != before {
		t.Error("the policy built a new picker")
	}
}

func TestAnUpdateThatChangesOneEndpointIsCheap(t *testing.T) {
	const n = 10_000
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, roundrobin2.Name, n).startUp()
		defer f.policy.Close()
		took := replace(f, 1)()
		if took.bytes > 80*n {
			t.Errorf("%v bytes allocated for %d endpoints, want at most %d", took.bytes, n, 80*n)
		}
		if took.pickers != 1 {
			t.Errorf("%v pickers, want 1", took.pickers)
		}
	})
}

func TestMemoryPerEndpoint(t *testing.T) {
	const n = 2000
	builtin, ours := heapPerEndpoint(t, roundrobin.Name, n), heapPerEndpoint(t, roundrobin2.Name, n)
	if ratio := ours / builtin; ratio > .68 {
		t.Errorf("%.0f bytes per endpoint, with metrics; grpc-go's has %.0f: ratio %.2f, want at most 0.68", ours, builtin, ratio)
	}
}
