package roundrobin2

import (
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
)

// reresolving is the policy of one channel, which asks the resolver for updates if its
// config says so. gRPC calls its methods one at a time.
type reresolving struct {
	balancer.Balancer
	cc balancer.ClientConn

	every time.Duration // 0 for never
	asker *asker        // nil if every is 0
}

// UpdateClientConnState implements [balancer.Balancer]. Only another interval starts a
// new asker: updates that the resolver sends meanwhile do not postpone the next request.
func (r *reresolving) UpdateClientConnState(s balancer.ClientConnState) error {
	r.askEvery(resolveEvery(s.BalancerConfig))
	return r.Balancer.UpdateClientConnState(s)
}

// Close implements [balancer.Balancer].
func (r *reresolving) Close() {
	r.askEvery(0)
	r.Balancer.Close()
}

func (r *reresolving) askEvery(every time.Duration) {
	if every == r.every {
		return
	}
	if r.asker != nil {
		r.asker.stop()
		r.asker = nil
	}
	if r.every = every; every > 0 {
		r.asker = startAsker(every, func() { r.cc.ResolveNow(resolver.ResolveNowOptions{}) })
	}
}

// asker asks at intervals until it is stopped. The first request comes after one to two
// intervals, so that programs that start together, or get their config together, do not
// ask together. Each later one comes after 1 to 1.1 intervals. No interval is shorter, so
// a resolver that limits requests to the same interval does not bring them together
// again.
type asker struct {
	every time.Duration
	ask   func()

	mu    sync.Mutex  // not held while ask runs, which may lead to a call of stop
	timer *time.Timer // nil when the asker was stopped
}

func startAsker(every time.Duration, ask func()) *asker {
	a := &asker{every: min(every, math.MaxInt64/2), ask: ask} // twice this does not overflow
	a.mu.Lock()
	defer a.mu.Unlock()
	a.timer = time.AfterFunc(a.every+rand.N(a.every), a.fire)
	return a
}

func (a *asker) fire() {
	if a.restart() {
		a.ask()
	}
}

// restart starts the next interval, unless the asker was stopped after its timer had
// fired.
func (a *asker) restart() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer == nil {
		return false
	}
	a.timer.Reset(a.every + rand.N(a.every/10))
	return true
}

func (a *asker) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.timer.Stop()
	a.timer = nil
}
