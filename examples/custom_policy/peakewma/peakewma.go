// Package peakewma is a load-balancing policy built with base2. It compares two
// random endpoints and sends the RPC to the one that should answer sooner, judged
// by its recent latencies and its RPCs in flight. This service config selects it:
//
//	{"loadBalancingConfig": [{"peak_ewma": {"decaySeconds": 10}}]}
package peakewma

import (
	"cmp"
	"errors"
	"math/rand/v2"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name is the policy's name in a service config.
const Name = "peak_ewma"

func init() { balancer.Register(metrics.Default().Instrument(NewBuilder())) }

// NewBuilder returns the policy without metrics.
func NewBuilder() balancer.Builder {
	newPickerBuilder := func() base.PickerBuilder { return &pickerBuilder{} }
	return base2.WithConfig[config](base2.NewBalancerBuilder(Name, newPickerBuilder, base.Config{HealthCheck: true}))
}

// config is the policy's part of a service config.
type config struct {
	// DecaySeconds is the time after which the weight of an old latency has decayed to
	// about a third. The default is 10.
	DecaySeconds float64 `json:"decaySeconds"`
}

// Validate implements base2's optional check of a config.
func (c config) Validate() error {
	if c.DecaySeconds < 0 {
		return errors.New("decaySeconds is negative, want 0 for the default, or more")
	}
	return nil
}

// pickerBuilder keeps the state of the endpoints from one picker to the next.
type pickerBuilder struct {
	decay     float64 // in seconds
	endpoints map[balancer.SubConn]*endpoint
}

// Configure implements [base2.Configurable].
func (pb *pickerBuilder) Configure(c config) { pb.decay = cmp.Or(c.DecaySeconds, 10) }

// Build implements [base.PickerBuilder].
func (pb *pickerBuilder) Build(info base.PickerBuildInfo) balancer.Picker {
	known := make(map[balancer.SubConn]*endpoint, len(info.ReadySCs))
	p := picker{decay: pb.decay}
	for conn := range info.ReadySCs {
		e := cmp.Or(pb.endpoints[conn], &endpoint{conn: conn})
		known[conn] = e
		p.endpoints = append(p.endpoints, e)
	}
	pb.endpoints = known
	return p
}

// picker takes the better of two random endpoints.
type picker struct {
	decay     float64
	endpoints []*endpoint
}

// Pick implements [balancer.Picker].
func (p picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	e := p.endpoints[rand.IntN(len(p.endpoints))]
	if other := p.endpoints[rand.IntN(len(p.endpoints))]; other.cost() < e.cost() {
		e = other
	}
	return balancer.PickResult{SubConn: e.conn, Done: e.start(p.decay)}, nil
}
