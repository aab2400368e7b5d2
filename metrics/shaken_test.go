package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// randomPicker is a policy on gRPC's base that picks at random, and sets a Done of its
// own on every other pick.
type randomPicker struct {
	subConns []balancer.SubConn
	ended    *atomic.Int64
}

func newRandomBuilder(ended *atomic.Int64) balancer.Builder {
	return base.NewBalancerBuilder("random", randomPicker{ended: ended}, base.Config{})
}

func (p randomPicker) Build(info base.PickerBuildInfo) balancer.Picker {
	if len(info.ReadySCs) == 0 {
		return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
	return randomPicker{subConns: slices.Collect(maps.Keys(info.ReadySCs)), ended: p.ended}
}

func (p randomPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	res := balancer.PickResult{SubConn: p.subConns[rand.IntN(len(p.subConns))]}
	if rand.IntN(2) == 0 {
		res.Done = func(balancer.DoneInfo) { p.ended.Add(-1) }
		p.ended.Add(1)
	}
	return res, nil
}

// shaken is a few channels to one target under random load. Two nested Metrics meter
// them: one keeps every series, the other keeps none.
type shaken struct {
	keep, drop *metrics.Metrics
	builder    balancer.Builder
	ownDones   atomic.Int64 // picks with a Done of the policy's that it was not called for

	channels [4]atomic.Pointer[balancertest.ClientConn]

	mu    sync.Mutex
	seen  map[string]bool    // addresses that ever had a SubConn
	picks map[string]float64 // by address
	ended map[string]float64 // by outcome
}

func newShaken(tb testing.TB) *shaken {
	w := &shaken{
		keep: metrics.New(metrics.WithLatency()), drop: metrics.New(metrics.WithRetention(0)),
		seen: make(map[string]bool), picks: make(map[string]float64), ended: make(map[string]float64),
	}
	for i := range w.channels {
		w.channels[i].Store(balancertest.NewClientConn(tb))
	}
	w.builder = w.drop.Instrument(w.keep.Instrument(newRandomBuilder(&w.ownDones)))
	return w
}

var outcomes = map[string]balancer.DoneInfo{
	"repick":            {},
	"OK":                {BytesSent: true, BytesReceived: true},
	"UNAVAILABLE":       {Err: status.Error(codes.Unavailable, "")},
	"UNKNOWN":           {Err: errors.New("plain"), BytesSent: true},
	"DEADLINE_EXCEEDED": {Err: context.DeadlineExceeded, BytesSent: true},
}

// pickAndEnd makes n picks on random channels and keeps some RPCs open.
func (w *shaken) pickAndEnd(n int) {
	picks, ended := make(map[string]float64), make(map[string]float64)
	names := slices.Collect(maps.Keys(outcomes))
	var open []func(balancer.DoneInfo)
	end := func() {
		outcome := names[rand.IntN(len(names))]
		open[0](outcomes[outcome])
		open = open[1:]
		ended[outcome]++
	}
	for range n {
		cc := w.channels[rand.IntN(len(w.channels))].Load()
		if res, ok := ask(cc); ok {
			picks[res.SubConn.(*balancertest.SubConn).Addr()]++
			open = append(open, res.Done)
		}
		for len(open) > rand.IntN(4) {
			end()
		}
	}
	for len(open) > 0 {
		end()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for addr, n := range picks {
		w.picks[addr] += n
	}
	for outcome, n := range ended {
		w.ended[outcome] += n
	}
}

// ask picks for one RPC until a pick succeeds or the RPC gives up. The RPC's context
// ends after Done.
func ask(cc *balancertest.ClientConn) (balancer.PickResult, bool) {
	ctx, over := context.WithCancel(context.Background())
	for range 1 + rand.IntN(5) {
		if res, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: ctx}); err == nil {
			done := res.Done
			res.Done = func(info balancer.DoneInfo) {
				done(info)
				over()
			}
			return res, true
		}
	}
	over()
	return balancer.PickResult{}, false
}

// churn makes n resolver updates on the channel, each with many state changes, and
// replaces the policy now and then. It returns the last policy.
func (w *shaken) churn(tb testing.TB, channel, n int) *balancertest.Policy {
	cc := w.channels[channel].Load()
	cc.SetConnectionScaling(true)
	p := cc.Build(w.builder)
	for i := range n {
		if i%5 == 4 {
			p.Close()
			cc = balancertest.NewClientConn(tb)
			cc.SetConnectionScaling(true)
			p = cc.Build(w.builder)
		}
		var endpoints []resolver.Endpoint
		for _, j := range rand.Perm(6)[:1+rand.IntN(4)] {
			endpoints = append(endpoints, balancertest.Endpoint(fmt.Sprintf("%d:1", j)))
		}
		if err := p.Update(endpoints...); err != nil {
			tb.Errorf("Update: %v", err)
		}
		w.channels[channel].Store(cc)
		for range 10 {
			step(cc)
			w.pickAndEnd(5) // because the other goroutines may have finished already
		}
		w.mu.Lock()
		for _, sc := range cc.SubConns() {
			w.seen[sc.Addr()] = true
		}
		w.mu.Unlock()
	}
	return p
}

// step moves each SubConn to a next state that gRPC could report.
func step(cc *balancertest.ClientConn) {
	for _, sc := range cc.Live() {
		switch sc.State() {
		case connectivity.Idle:
			sc.Connecting()
		case connectivity.Connecting:
			next := []connectivity.State{ready, ready, ready, failure, idle}
			sc.SetState(next[rand.IntN(len(next))], nil)
		case connectivity.Ready:
			if rand.IntN(4) == 0 {
				next := []connectivity.State{idle, connecting, failure} // the last two by gRFC A105
				sc.SetState(next[rand.IntN(len(next))], nil)
			}
		default:
			sc.Idle()
		}
	}
}
