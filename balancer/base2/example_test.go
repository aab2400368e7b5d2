package base2_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// leastInFlight is a Policy that compares two random endpoints and takes the one with
// fewer RPCs in flight. It keeps their number with each endpoint.
type leastInFlight struct{}

func (leastInFlight) NewPicker(view base2.View[atomic.Int64]) balancer.Picker {
	return leastInFlightPicker(view.Ready())
}

type leastInFlightPicker []base2.Ready[atomic.Int64]

func (p leastInFlightPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	a, b := p[rand.IntN(len(p))], p[rand.IntN(len(p))]
	if b.Endpoint.Data.Load() < a.Endpoint.Data.Load() {
		a = b
	}
	a.Endpoint.Data.Add(1)
	return balancer.PickResult{SubConn: a.SubConn, Done: func(balancer.DoneInfo) { a.Endpoint.Data.Add(-1) }}, nil
}

// A program registers the policy in an init function, usually with metrics:
//
//	func init() { balancer.Register(metrics.Default().Instrument(builder)) }
//
// Service configs can then select it.
func ExampleNew() {
	builder := base2.New("least_in_flight", func(*base2.Channel) leastInFlight { return leastInFlight{} })
	balancer.Register(builder)
	fmt.Println(balancer.Get("least_in_flight").Name())
	// Output: least_in_flight
}

// capped is a Policy with a config: {"maxInFlight": 100}.
type capped struct {
	leastInFlight
	max int64
}

type capConfig struct {
	MaxInFlight int64 `json:"maxInFlight"`
}

func (c capConfig) Validate() error {
	if c.MaxInFlight < 0 {
		return fmt.Errorf("maxInFlight is %d, want 0 for no limit, or more", c.MaxInFlight)
	}
	return nil
}

func (p *capped) Configure(c capConfig) { p.max = c.MaxInFlight }

func ExampleNewConfigured() {
	builder := base2.NewConfigured("capped", func(*base2.Channel) *capped { return new(capped) })
	for _, config := range []string{`{"maxInFlight": 100}`, `{"maxInFlight": -1}`, `{"maxInFlight": "many"}`} {
		_, err := builder.(balancer.ConfigParser).ParseConfig([]byte(config))
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// capped: parse config: maxInFlight is -1, want 0 for no limit, or more
	// capped: parse config: field "maxInFlight" is a JSON string, want a int64
}

// randomBuilder is a PickerBuilder for gRPC's package base.
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

func ExampleNewBalancerBuilder() {
	// It was base.NewBalancerBuilder("random", randomBuilder{}, base.Config{HealthCheck: true}).
	builder := base2.NewBalancerBuilder("random", func() base.PickerBuilder { return randomBuilder{} })
	fmt.Println(builder.Name())
	// Output: random
}

// firstListed is a Policy that sends all RPCs to the resolver's first endpoint that does
// not fail.
type firstListed struct{}

func newFirstListed(*base2.Channel) firstListed { return firstListed{} }

func (firstListed) NewPicker(view base2.View[struct{}]) balancer.Picker {
	for e := range view.All() {
		if e.Err == nil {
			return endpointPicker{e}
		}
	}
	return base.NewErrPicker(view.PickError())
}

// endpointPicker picks one endpoint. RPCs wait until it is READY.
type endpointPicker struct{ status base2.Status[struct{}] }

func (p endpointPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	if p.status.SubConn == nil {
		p.status.Endpoint.Connect() // if it is IDLE
		return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
	}
	return balancer.PickResult{SubConn: p.status.SubConn}, nil
}

// All endpoints connect at once, and the first that is listed gets the RPCs.
func ExampleWithEveryState() {
	cc := balancertest.NewClientConn(inExample{})
	policy := cc.Build(base2.New("first_listed", newFirstListed, base2.WithEveryState()))
	defer policy.Close()
	fmt.Println(policy.Update(balancertest.Endpoints("a:1", "b:1")...))
	cc.SubConn("b:1").Ready()
	_, err := cc.Pick()
	fmt.Println(err) // gRPC waits for the next picker

	cc.SubConn("a:1").Fail(fmt.Errorf("refused"))
	sc, err := cc.Pick()
	fmt.Println(sc.Addr(), err)
	// Output:
	// <nil>
	// no SubConn is available
	// b:1 <nil>
}
