package promql_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// Backends of the workload. The limit is two backends per target, so busy and sick have
// their own series, and the third counts as "other".
const (
	busy   = "10.0.0.1:443"
	sick   = "10.0.0.2:443"
	folded = "10.0.0.3:443"
	alone  = "10.0.1.1:443"
)

// workload is a client process with two channels. One has a policy that picks the backend
// that the RPC names. The other has pick_first2. The same happens in each interval
// between two scrapes, so each rate is known. The clock is synctest's.
type workload struct {
	t             *testing.T
	metrics       *metrics.Metrics
	skewed, first *balancertest.ClientConn
	skewedPolicy  *balancertest.Policy
}

func newWorkload(t *testing.T) *workload {
	m := metrics.New(metrics.WithLatency(), metrics.WithMaxBackends(2))
	w := &workload{t: t, metrics: m, skewed: balancertest.NewClientConn(t), first: balancertest.NewClientConn(t)}

	w.skewedPolicy = w.skewed.BuildWithTarget(m.Instrument(newChosenByRPC()), "dns:///skewed:443")
	t.Cleanup(w.skewedPolicy.Close)
	w.update(w.skewedPolicy, busy, sick)
	w.update(w.skewedPolicy, busy, sick, folded)
	for _, sc := range w.skewed.Live() {
		sc.Ready()
	}
	w.fallIll(sick)

	firstPolicy := w.first.BuildWithTarget(m.Instrument(pickfirst2.NewBuilder()), "dns:///first:443")
	t.Cleanup(firstPolicy.Close)
	w.update(firstPolicy, alone)
	w.first.SubConn(alone).Ready()
	return w
}

// fallIll has a scrape find the backend unhealthy, and then it recovers.
func (w *workload) fallIll(addr string) {
	w.t.Helper()
	sc := w.skewed.SubConn(addr)
	if !sc.SetHealth(connectivity.TransientFailure, errors.New("health check failed")) {
		w.t.Fatal("nobody watches the backend's health")
	}
	samples := make(chan prometheus.Metric)
	go func() {
		defer close(samples)
		w.metrics.Collect(samples)
	}()
	for range samples {
	}
	sc.SetHealth(connectivity.Ready, nil)
}

func (w *workload) update(p *balancertest.Policy, addrs ...string) {
	w.t.Helper()
	if err := p.Update(balancertest.Endpoints(addrs...)...); err != nil {
		w.t.Fatalf("update: %v", err)
	}
}

// interval runs the RPCs between two scrapes. Of 24 picks the busy backend gets 12, one of
// them for a stream that does not end. The sick one gets 6: gRPC gives up one, and one RPC
// fails.
func (w *workload) interval() {
	w.update(w.skewedPolicy, busy, sick, folded)
	w.skewedPolicy.ResolverError(errors.New("no such host"))
	for range 11 {
		w.rpc(busy, 20*time.Millisecond, nil)
	}
	w.pick(context.WithValue(w.t.Context(), backendKey{}, busy), w.skewed)
	w.rpc(sick, 40*time.Millisecond, status.Error(codes.NotFound, ""))
	for range 3 {
		w.rpc(sick, 40*time.Millisecond, nil)
	}
	w.rpcPickedTwice(sick)
	for range 6 {
		w.rpc(folded, 20*time.Millisecond, nil)
	}
	w.reconnect()
}

// rpc sends an RPC to the backend, which answers after a delay.
func (w *workload) rpc(addr string, takes time.Duration, err error) {
	ctx, end := context.WithCancel(context.WithValue(w.t.Context(), backendKey{}, addr))
	defer end()
	done := w.pick(ctx, w.skewed)
	time.Sleep(takes)
	done(balancer.DoneInfo{Err: err, BytesSent: true, BytesReceived: true})
}

// rpcPickedTwice sends an RPC. The first pick finds the connection gone. The second pick
// comes after 30 ms.
func (w *workload) rpcPickedTwice(addr string) {
	ctx, end := context.WithCancel(context.WithValue(w.t.Context(), backendKey{}, addr))
	defer end()
	w.pick(ctx, w.skewed)(balancer.DoneInfo{})
	time.Sleep(30 * time.Millisecond)
	done := w.pick(ctx, w.skewed)
	time.Sleep(40 * time.Millisecond)
	done(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
}

// reconnect takes away the connection of pick_first2, and the next one as soon as it is
// made. The next attempt to connect fails after 100 ms, and the one after it succeeds. One
// RPC waits all the time. Another one waits from the failure on, for 200 ms.
func (w *workload) reconnect() {
	waiting, end := context.WithCancel(w.t.Context())
	defer end()
	unlucky, end := context.WithCancel(w.t.Context())
	defer end()
	sc := w.first.SubConn(alone)
	sc.Idle()
	w.noPick(waiting)
	sc.Connecting()
	sc.Idle() // the server hung up
	w.noPick(waiting)
	sc.Connecting()
	time.Sleep(100 * time.Millisecond)
	sc.Fail(errors.New("connection refused"))
	w.noPick(unlucky)
	time.Sleep(150 * time.Millisecond)
	sc.Idle()
	sc.Connecting()
	time.Sleep(50 * time.Millisecond)
	sc.Ready()
	for _, ctx := range []context.Context{waiting, unlucky} {
		w.pick(ctx, w.first)(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
	}
}

// pick returns the Done of a pick that succeeds.
func (w *workload) pick(ctx context.Context, cc *balancertest.ClientConn) func(balancer.DoneInfo) {
	w.t.Helper()
	res, err := cc.State().Picker.Pick(balancer.PickInfo{FullMethodName: "/test/Method", Ctx: ctx})
	if err != nil {
		w.t.Fatalf("pick: %v", err)
	}
	return res.Done
}

// noPick makes a pick of pick_first2 that does not succeed. It waits until the policy has
// handled the consequences.
func (w *workload) noPick(ctx context.Context) {
	w.t.Helper()
	if _, err := w.first.State().Picker.Pick(balancer.PickInfo{FullMethodName: "/test/Method", Ctx: ctx}); err == nil {
		w.t.Fatal("a pick succeeded, want an error")
	}
	synctest.Wait()
}

// chosenByRPC is a policy that picks the backend named in the RPC's context.
type chosenByRPC map[string]balancer.SubConn

type backendKey struct{}

func newChosenByRPC() balancer.Builder {
	return base2.NewBalancerBuilder("chosen_by_rpc", func() base.PickerBuilder { return chosenByRPC(nil) })
}

// Build implements [base.PickerBuilder].
func (chosenByRPC) Build(info base.PickerBuildInfo) balancer.Picker {
	ready := make(chosenByRPC)
	for sc, i := range info.ReadySCs {
		ready[i.Address.Addr] = sc
	}
	return ready
}

// Pick implements [balancer.Picker].
func (t chosenByRPC) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	addr, _ := info.Ctx.Value(backendKey{}).(string)
	sc, ok := t[addr]
	if !ok {
		return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
	}
	return balancer.PickResult{SubConn: sc}, nil
}
