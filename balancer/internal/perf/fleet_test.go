package perf_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// pairs are grpc-go's policies, with the policies of this module that replace them.
var pairs = []struct{ theirs, ours string }{
	{theirs: pickfirst.Name, ours: pickfirst2.Name},
	{theirs: roundrobin.Name, ours: roundrobin2.Name},
}

// fleet is a fake channel of balancertest with many endpoints.
type fleet struct {
	tb        testing.TB
	policy    *balancertest.Policy
	cc        *balancertest.ClientConn
	endpoints []resolver.Endpoint
}

// newFleet returns a fleet with the policy as users have it: ours are metered. Each
// fleet has its own Metrics, which is freed with the fleet. The Metrics has no limit,
// so each endpoint has series.
func newFleet(tb testing.TB, policy string, n int) *fleet {
	m := metrics.New(metrics.WithMaxBackends(0))
	switch policy {
	case pickfirst2.Name:
		return newFleetOf(tb, m.Instrument(pickfirst2.NewBuilder()), n)
	case roundrobin2.Name:
		return newFleetOf(tb, m.Instrument(roundrobin2.NewBuilder()), n)
	case mapPolicy:
		return newFleetOf(tb, m.Instrument(mapBuilder()), n)
	case dataPolicy:
		return newFleetOf(tb, m.Instrument(dataBuilder()), n)
	default:
		return newFleetOf(tb, balancer.Get(policy), n)
	}
}

// mapPolicy is a round robin on base2 that builds its picker from a map, like
// policies written for grpc-go's base.
const mapPolicy = "map_round_robin"

func mapBuilder() balancer.Builder {
	return base2.NewBalancerBuilder(mapPolicy, func() base.PickerBuilder { return mapPickers{} }, base2.WithoutHealthChecks())
}

type mapPickers struct{}

func (mapPickers) Build(info base.PickerBuildInfo) balancer.Picker {
	return &mapPicker{conns: slices.Collect(maps.Keys(info.ReadySCs))}
}

type mapPicker struct {
	conns []balancer.SubConn
	turn  atomic.Uint64
}

func (p *mapPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.conns[p.turn.Add(1)%uint64(len(p.conns))]}, nil
}

func newFleetOf(tb testing.TB, b balancer.Builder, n int) *fleet {
	cc := balancertest.NewClientConn(tb)
	return &fleet{tb: tb, cc: cc, policy: cc.Build(b), endpoints: endpoints(0, n)}
}

// endpoints returns n endpoints with distinct addresses, numbered from first.
func endpoints(first, n int) []resolver.Endpoint {
	addrs := make([]string, n)
	for i := range addrs {
		k := first + i
		addrs[i] = fmt.Sprintf("10.%d.%d.%d:50051", k>>16, k>>8&255, k&255)
	}
	return balancertest.Endpoints(addrs...)
}

// startUp brings all endpoints to READY; under pick_first, one. They become READY in
// random order, which makes picks slowest: the processor prefetches memory that is
// read in the order of its allocation.
func (f *fleet) startUp() *fleet {
	return f.startUpIn(func(conns []*balancertest.SubConn) {
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(conns), func(i, j int) { conns[i], conns[j] = conns[j], conns[i] })
	})
}

// startUpInOrder brings the endpoints to READY in the resolver's order.
func (f *fleet) startUpInOrder() *fleet {
	return f.startUpIn(func([]*balancertest.SubConn) {})
}

func (f *fleet) startUpIn(arrange func([]*balancertest.SubConn)) *fleet {
	f.update(balancertest.ResolverState(f.endpoints...))
	conns := f.cc.SubConns()
	arrange(conns)
	last := len(conns) - 1
	for _, sc := range conns[:last] {
		sc.Ready()
	}
	f.waitForPicker(conns[last].Ready)
	return f
}

// waitForPicker makes a change and waits for the next picker. In a large channel
// base2 may delay it for a few milliseconds. waitForPicker spins, because a pause
// would add to the measured time.
func (f *fleet) waitForPicker(change func()) {
	f.tb.Helper()
	before := f.cc.State().Picker
	change()
	for i := 0; f.cc.State().Picker == before; i++ {
		if i == 1e8 {
			f.tb.Fatal("the policy reported no new picker")
		}
		runtime.Gosched()
	}
}

func (f *fleet) update(s resolver.State) {
	if err := f.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: s}); err != nil {
		f.tb.Fatalf("update: %v", err)
	}
}

// flap loses a connection and replaces it.
func flap(sc *balancertest.SubConn) {
	lose(sc)
	sc.Ready()
}

// lose loses a connection and waits until the policy calls Connect. grpc-go's
// round_robin does so on another goroutine.
func lose(sc *balancertest.SubConn) {
	sc.Idle()
	for !sc.Wanted() {
		runtime.Gosched()
	}
}

// pickDone picks n times and ends each RPC.
func pickDone(tb testing.TB, p balancer.Picker, n int) {
	for range n {
		res, err := p.Pick(balancer.PickInfo{})
		if err != nil {
			tb.Fatalf("Pick: %v", err)
		}
		if res.Done != nil {
			res.Done(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
		}
	}
}

// pickOnly picks n times. The RPCs do not end.
func pickOnly(tb testing.TB, p balancer.Picker, n int) {
	for range n {
		if _, err := p.Pick(balancer.PickInfo{}); err != nil {
			tb.Fatalf("Pick: %v", err)
		}
	}
}

// heapPerEndpoint returns the bytes of heap that a policy holds for each of n READY
// endpoints. It does not count what the fakes hold without the policy.
func heapPerEndpoint(tb testing.TB, policy string, n int) float64 {
	tb.Helper()
	fakes := heapOf(func() *fleet { return newFleetOf(tb, bareBuilder{}, n).startUp() })
	all := heapOf(func() *fleet { return newFleet(tb, policy, n).startUp() })
	return (all - fakes) / float64(n)
}

// heapOf returns the bytes of heap that a fleet holds.
func heapOf(start func() *fleet) float64 {
	before := heapInUse()
	f := start()
	after := heapInUse()
	f.policy.Close()
	return float64(after) - float64(before)
}

func heapInUse() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // a sync.Pool survives one collection
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// bareBuilder builds policies that connect to each address, report each change,
// and do nothing else.
type bareBuilder struct{}

func (bareBuilder) Name() string { return "bare" }

func (bareBuilder) Build(cc balancer.ClientConn, _ balancer.BuildOptions) balancer.Balancer {
	return bare{cc: cc}
}

type bare struct {
	balancer.Balancer // nil
	cc                balancer.ClientConn
}

func (b bare) UpdateClientConnState(s balancer.ClientConnState) error {
	report := func(balancer.SubConnState) {
		b.cc.UpdateState(balancer.State{Picker: base.NewErrPicker(balancer.ErrNoSubConnAvailable)})
	}
	for _, e := range s.ResolverState.Endpoints {
		sc, err := b.cc.NewSubConn(e.Addresses, balancer.NewSubConnOptions{StateListener: report})
		if err != nil {
			return err
		}
		sc.Connect()
	}
	return nil
}

func (bare) Close() {}
