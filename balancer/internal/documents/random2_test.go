package documents_test

import (
	"math/rand/v2"
	"testing"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// This is the policy that examples/policies/README.md begins with, and its tests.

type random struct{}

func (random) NewPicker(view base2.View[struct{}]) balancer.Picker {
	return randomPicker(view.Ready())
}

type randomPicker []base2.Ready[struct{}]

func (p randomPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p[rand.IntN(len(p))].SubConn}, nil
}

func init() {
	b := base2.New("random2", func(*base2.Channel) random { return random{} })
	balancer.Register(metrics.Default().Instrument(b))
}

func TestLostEndpointGetsNoRPCs(t *testing.T) {
	cc := balancertest.NewClientConn(t)
	policy := cc.Build(balancer.Get("random2"))
	defer policy.Close()

	if err := policy.Update(balancertest.Endpoints("10.0.0.1:50051", "10.0.0.2:50051")...); err != nil {
		t.Fatal(err)
	}
	for _, sc := range cc.Live() {
		sc.Ready()
	}
	cc.SubConn("10.0.0.1:50051").Idle() // its connection is lost
	for range 100 {
		if sc, err := cc.RPC(nil); err != nil || sc.Addr() != "10.0.0.2:50051" {
			t.Fatalf("RPC went to %v, %v", sc, err)
		}
	}
}

func TestRandom2(t *testing.T) { balancertest.Check(t, balancer.Get("random2")) }
