package base2_test

import (
	"fmt"
	"math/rand/v2"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// randomBuilder is all that a policy needs which sends each RPC to a random
// READY endpoint.
type randomBuilder struct{}

func (randomBuilder) Build(info base.PickerBuildInfo) balancer.Picker {
	var p randomPicker
	for conn := range info.ReadySCs {
		p = append(p, conn)
	}
	return p
}

type randomPicker []balancer.SubConn

func (p randomPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p[rand.IntN(len(p))]}, nil
}

// Registered in an init function, a policy can be selected by service config
// in every channel that is made later.
func ExampleNewBalancerBuilder() {
	builder := base2.NewBalancerBuilder("random2", func() base.PickerBuilder { return randomBuilder{} }, base.Config{HealthCheck: true})
	balancer.Register(metrics.Default.Instrument(builder))
	fmt.Println(balancer.Get("random2").Name())
	// Output: random2
}
