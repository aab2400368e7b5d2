package base2

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// When a timer is stopped or started again, it may already have fired: its goroutine
// then waits for the mutex.
func TestATimerThatIsStoppedWhileItFiresDoesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var tm timer
		calls := 0
		mu.Lock()
		tm.start(time.Second, &mu, func() { calls++ })
		time.Sleep(time.Second)
		tm.start(time.Second, &mu, func() { calls += 10 })
		mu.Unlock()
		time.Sleep(time.Hour)
		synctest.Wait()
		if calls != 10 || tm.isRunning() {
			t.Errorf("calls %d, want 10 for the second start only; running: %v", calls, tm.isRunning())
		}
	})
}

// capture records the policy that it built last.
type capture struct {
	balancer.Builder
	built *endpointBalancer[struct{}]
}

func (c *capture) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	built := c.Builder.Build(cc, opts)
	c.built, _ = built.(*endpointBalancer[struct{}])
	return built
}

// A pause may last two minutes. Its timer would keep the policy in memory that long.
func TestCloseStopsThePauses(t *testing.T) {
	t.Parallel()
	b := &capture{Builder: NewBalancerBuilder("test_policy", func() base.PickerBuilder { return nil })}
	cc := balancertest.NewClientConn(t)
	p := cc.Build(b)
	if err := p.Update(balancertest.Endpoints("a:1", "b:1")...); err != nil {
		t.Fatalf("update: %v", err)
	}
	cc.SubConn("b:1").Fail(errors.New("refused"))
	for range 6 {
		sc := cc.SubConn("a:1")
		sc.Connecting()
		sc.Idle()
	}
	c := b.built.children["a:1"]
	if !c.reconnector.pause.isRunning() {
		t.Fatal("a:1 does not pause")
	}
	if p.Close(); c.reconnector.pause.isRunning() {
		t.Error("the pause goes on after Close")
	}
}

// A request may be for a day later, which is as long as its timer would keep the policy
// in memory.
func TestCloseStopsARequestForLater(t *testing.T) {
	t.Parallel()
	var channel *Channel
	b := &capture{Builder: New("test_policy", func(c *Channel) Policy[struct{}] { channel = c; return nil })}
	p := balancertest.NewClientConn(t).Build(b)
	channel.RebuildAfter(24 * time.Hour)
	if !b.built.requests.later.isRunning() {
		t.Fatal("nothing will happen later")
	}
	p.Close()
	running := b.built.requests.later.isRunning()
	if channel.RebuildAfter(24 * time.Hour); running || b.built.requests.later.isRunning() {
		t.Error("a timer runs after Close")
	}
}
