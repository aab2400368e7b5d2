package roundrobin2_test

import (
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// The resolver's answer may come before the request returns. It may end the requests, or
// the policy.
func TestTheAnswerMayComeDuringTheRequest(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(balancer.Balancer){
		"without a config": func(p balancer.Balancer) { _ = p.UpdateClientConnState(balancer.ClientConnState{}) },
		"close":            func(p balancer.Balancer) { p.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := roundrobin2.NewBuilder()
				cfg, err := b.(balancer.ConfigParser).ParseConfig(json.RawMessage(every30s))
				if err != nil {
					t.Fatal(err)
				}
				cc := &answering{ClientConn: balancertest.NewClientConn(t), answer: answer}
				cc.policy = b.Build(cc, balancer.BuildOptions{})
				cc.serial.Lock()
				_ = cc.policy.UpdateClientConnState(balancer.ClientConnState{BalancerConfig: cfg})
				cc.serial.Unlock()
				time.Sleep(24 * time.Hour)
				synctest.Wait()
				if cc.asked != 1 {
					t.Errorf("asked %d times, want once", cc.asked)
				}
				cc.policy.Close()
			})
		})
	}
}

// answering is a channel whose resolver answers at once.
type answering struct {
	balancer.ClientConn
	serial sync.Mutex // gRPC calls a policy's methods one at a time
	policy balancer.Balancer
	answer func(balancer.Balancer)
	asked  int
}

func (a *answering) ResolveNow(resolver.ResolveNowOptions) {
	a.serial.Lock()
	defer a.serial.Unlock()
	a.asked++
	a.answer(a.policy)
}
