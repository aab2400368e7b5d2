package base2_test

import (
	"fmt"
	"math/rand/v2"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// randomBuilder is a policy that sends each RPC to a random READY endpoint.
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

// A program registers the policy in an init function. Service configs can then select
// it.
func ExampleNewBalancerBuilder() {
	builder := base2.NewBalancerBuilder("random2", func() base.PickerBuilder { return randomBuilder{} }, base.Config{HealthCheck: true})
	balancer.Register(metrics.Default().Instrument(builder))
	fmt.Println(balancer.Get("random2").Name())
	// Output: random2
}

// firstBuilder is a policy that needs only the list of READY SubConns. It sends all
// RPCs to the endpoint that was READY first.
type firstBuilder struct{}

func (firstBuilder) BuildList(ready []balancer.SubConn, _ []int) balancer.Picker {
	return firstPicker{ready[0]}
}

type firstPicker struct{ conn balancer.SubConn }

func (p firstPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.conn}, nil
}

func ExampleNewListBalancerBuilder() {
	builder := base2.NewListBalancerBuilder("oldest_first", func() base2.ListPickerBuilder { return firstBuilder{} }, base.Config{HealthCheck: true})
	balancer.Register(metrics.Default().Instrument(builder))
	fmt.Println(balancer.Get("oldest_first").Name())
	// Output: oldest_first
}

// weighted is a PickerBuilder that takes a config.
type weighted struct {
	randomBuilder
	weight float64
}

// weights is the config: {"weight": 0.5}.
type weights struct {
	Weight float64 `json:"weight"`
}

func (w *weighted) Configure(c weights) { w.weight = c.Weight }

func ExampleWithConfig() {
	newPickerBuilder := func() base.PickerBuilder { return &weighted{} }
	builder := base2.WithConfig[weights](base2.NewBalancerBuilder("weighted2", newPickerBuilder, base.Config{HealthCheck: true}))
	_, err := builder.(balancer.ConfigParser).ParseConfig([]byte(`{"weight": "half"}`))
	fmt.Println(err)
	// Output: weighted2: parse config: field "weight" is a JSON string, want a float64
}
