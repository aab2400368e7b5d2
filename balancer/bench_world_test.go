package balancer_test

import (
	"fmt"
	"runtime"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// fleet is a channel to many endpoints, without the network.
type fleet struct {
	tb        testing.TB
	policy    *balancertest.Policy
	cc        *balancertest.ClientConn
	endpoints []resolver.Endpoint
}

// newFleet takes the policy as its users have it: ours are metered. The Metrics
// is the fleet's own, so that the series of its endpoints go with it; in
// metrics.Default they would stay for all tests that scrape.
func newFleet(tb testing.TB, policy string, n int) *fleet {
	switch policy {
	case pickfirst2.Name:
		return newFleetOf(tb, metrics.New().Instrument(pickfirst2.NewBuilder()), n)
	case roundrobin2.Name:
		return newFleetOf(tb, metrics.New().Instrument(roundrobin2.NewBuilder()), n)
	default:
		return newFleetOf(tb, balancer.Get(policy), n)
	}
}

func newFleetOf(tb testing.TB, b balancer.Builder, n int) *fleet {
	cc := balancertest.NewClientConn(tb)
	return &fleet{tb: tb, cc: cc, policy: cc.Build(b), endpoints: endpoints(0, n)}
}

// endpoints returns n endpoints, the first of them with that number.
func endpoints(first, n int) []resolver.Endpoint {
	addrs := make([]string, n)
	for i := range addrs {
		k := first + i
		addrs[i] = fmt.Sprintf("10.%d.%d.%d:50051", k>>16, k>>8&255, k&255)
	}
	return balancertest.Endpoints(addrs...)
}

// startUp brings all endpoints to READY. A pick_first connects to one.
func (f *fleet) startUp() *fleet {
	f.update(balancertest.ResolverState(f.endpoints...))
	for _, sc := range f.cc.SubConns() {
		sc.Ready()
	}
	return f
}

func (f *fleet) update(s resolver.State) {
	if err := f.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: s}); err != nil {
		f.tb.Fatalf("update: %v", err)
	}
}

// flap has a connection lost and made again.
func flap(sc *balancertest.SubConn) {
	lose(sc)
	sc.Ready()
}

// lose has a connection lost, and waits until another is wanted. grpc-go's
// round_robin uses a goroutine for it.
func lose(sc *balancertest.SubConn) {
	sc.Idle()
	for !sc.Wanted() {
		runtime.Gosched()
	}
}

// pickDone picks, and ends the RPC, n times.
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

// heldPerEndpoint returns the bytes that a policy holds for each of n READY
// endpoints, without what the fakes hold by themselves.
func heldPerEndpoint(tb testing.TB, policy string, n int) float64 {
	tb.Helper()
	fakes := held(func() *fleet { return newFleetOf(tb, bareBuilder{}, n).startUp() })
	all := held(func() *fleet { return newFleet(tb, policy, n).startUp() })
	return (all - fakes) / float64(n)
}

// held returns the bytes that a fleet holds.
func held(start func() *fleet) float64 {
	before := heapInUse()
	f := start()
	after := heapInUse()
	f.policy.Close()
	return float64(after) - float64(before)
}

func heapInUse() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // pools keep what one collection leaves
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// bareBuilder builds policies that connect to each address and do nothing else.
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
	for _, e := range s.ResolverState.Endpoints {
		sc, err := b.cc.NewSubConn(e.Addresses, balancer.NewSubConnOptions{StateListener: func(balancer.SubConnState) {}})
		if err != nil {
			return err
		}
		sc.Connect()
	}
	return nil
}

func (bare) Close() {}
