package metrics_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// queue makes the picker queue one RPC for each context.
func queue(t *testing.T, picker balancer.Picker, contexts ...context.Context) {
	t.Helper()
	for _, ctx := range contexts {
		if _, err := picker.Pick(balancer.PickInfo{Ctx: ctx}); err != balancer.ErrNoSubConnAvailable {
			t.Fatalf("Pick: %v, want to be queued", err)
		}
	}
}

// Many rounds, so that RPCs often end just when their policy closes.
func TestWaitsEndOnceWhileThePolicyCloses(t *testing.T) {
	t.Parallel()
	const rpcs = 100
	rounds := 1000
	if raceEnabled {
		rounds = 100 // the race detector makes each 20 times slower
	}
	m := metrics.New()
	for range rounds {
		s, cc := &stub{}, &looseConn{}
		p := m.Instrument(s).Build(cc, balancer.BuildOptions{})
		s.publish(balancer.PickResult{}, balancer.ErrNoSubConnAvailable)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		start := make(chan struct{})
		for range rpcs {
			rpc, end := context.WithCancel(ctx)
			queue(t, cc.picker, rpc)
			all.Go(func() {
				<-start
				end()
			})
		}
		all.Go(func() {
			<-start
			p.Close()
		})
		close(start)
		all.Wait()
		cancel()
	}
	eventually(t, "no RPC waits", func() bool { return metrics.Waiting(m) == 0 })
	if got := metrics.WaitingAttempts(m); got != 0 {
		t.Errorf("waiting at the end: %d, want 0", got)
	}
	if got := pickWaitHistograms(t, m)[whyConnecting].GetSampleCount(); got != uint64(rounds*rpcs) {
		t.Errorf("waits: %d, want %d", got, rounds*rpcs)
	}
}

// hookedContext calls onDone, once, when it is asked for its Done channel.
type hookedContext struct {
	context.Context //nolint:containedctx // it is one
	onDone          func()
	once            sync.Once
}

func (ctx *hookedContext) Done() <-chan struct{} {
	ctx.once.Do(ctx.onDone)
	return ctx.Context.Done()
}

// The policy closes while one of its pickers queues an RPC. The RPC must not be
// listed: the close, which would take it off the list, is already over.
func TestNoWaitBeginsWhenThePolicyHasClosedMeanwhile(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	s, cc, p := metered(t, m)
	s.publish(balancer.PickResult{}, balancer.ErrNoSubConnAvailable)
	rpc, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctx := &hookedContext{Context: rpc, onDone: p.Close}
	queue(t, cc.State().Picker, ctx)
	if rpcs, attempts := metrics.Waiting(m), metrics.WaitingAttempts(m); rpcs != 0 || attempts != 0 {
		t.Errorf("RPCs that wait: %d, attempts: %d, want none", rpcs, attempts)
	}
}

// An RPC may live for hours after it waited for a policy that was then replaced.
func TestWaitsDoNotHoldAClosedPolicyInMemory(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	onCtx, cancelOn := context.WithCancel(t.Context())
	defer cancelOn()
	beforeCtx, cancelBefore := context.WithCancel(t.Context())
	defer cancelBefore()
	pickedCtx, cancelPicked := context.WithCancel(t.Context())
	defer cancelPicked()
	other, otherCC, otherPolicy := metered(t, m)
	defer otherPolicy.Close()
	other.publish(balancer.PickResult{}, balancer.ErrNoSubConnAvailable)

	closed := func() weak.Pointer[stub] {
		s, cc := &stub{}, &looseConn{}
		p := m.InstrumentAs("closed", s).Build(cc, balancer.BuildOptions{})
		s.publish(balancer.PickResult{}, balancer.ErrNoSubConnAvailable)
		queue(t, otherCC.State().Picker, beforeCtx)
		queue(t, cc.picker, ctx, onCtx, beforeCtx, pickedCtx)
		queue(t, otherCC.State().Picker, onCtx) // it goes on waiting there
		s.publish(balancer.PickResult{SubConn: &looseSubConn{}}, nil)
		if _, err := cc.picker.Pick(balancer.PickInfo{Ctx: pickedCtx}); err != nil {
			t.Errorf("Pick: %v", err)
		}
		p.Close()
		return weak.Make(s)
	}()
	eventually(t, "the closed policy is gone", func() bool {
		runtime.GC()
		return closed.Value() == nil
	})
	if n := metrics.Waiting(m); n != 2 {
		t.Errorf("RPCs that wait: %d, want the two that another policy has queued", n)
	}
	if err := ctx.Err(); err != nil {
		t.Errorf("the RPC has ended, %v, so the test is meaningless", err)
	}
}

// The policy that comes next may not be metered. Then the list must be empty, so
// that picks do not look RPCs up.
func TestRPCsLeaveTheListWithTheirPolicy(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	s, cc, p := metered(t, m)
	s.publish(balancer.PickResult{}, balancer.ErrNoSubConnAvailable)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	queue(t, cc.State().Picker, ctx)
	p.Close()
	if n := metrics.Waiting(m); n != 0 {
		t.Errorf("RPCs that wait: %d, want none", n)
	}
	next, nextCC, nextPolicy := metered(t, m)
	next.publish(balancer.PickResult{}, balancer.ErrNoSubConnAvailable)
	queue(t, nextCC.State().Picker, ctx)
	if n := metrics.Waiting(m); n != 1 {
		t.Errorf("RPCs that wait under the next policy: %d, want 1", n)
	}
	nextPolicy.Close()
	if got := pickWaitHistograms(t, m)[whyConnecting].GetSampleCount(); got != 2 {
		t.Errorf("waits: %d, want one under each policy", got)
	}
}
