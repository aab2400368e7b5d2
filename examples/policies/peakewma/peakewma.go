// Package peakewma is the load-balancing policy peak_ewma. It compares two random
// endpoints and sends the RPC to the one that should answer sooner, judged by its
// recent latencies and its RPCs in flight. This service config selects it:
//
//	{"loadBalancingConfig": [{"peak_ewma": {"decaySeconds": 10}}]}
//
// It is for unary RPCs to endpoints whose speed differs or changes: unequal machines,
// noisy neighbours, pauses of the garbage collector. A peak of latency counts at once,
// and decays with time.
//
// It is not for streams, each of which it takes for one long RPC. It is not for clients
// that send few RPCs to many endpoints either: each client knows only its own RPCs.
package peakewma

import (
	"cmp"
	"errors"
	"math/rand/v2"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name is the policy's name in a service config.
const Name = "peak_ewma"

func init() { balancer.Register(metrics.Default().Instrument(NewBuilder())) }

// NewBuilder returns the policy without metrics.
func NewBuilder() balancer.Builder {
	return base2.NewConfigured(Name, func(*base2.Channel) *policy { return new(policy) })
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

// policy is the policy of one channel. base2 keeps a load for each endpoint.
type policy struct {
	decay float64 // in seconds
}

// Configure implements [base2.Configurable].
func (p *policy) Configure(c config) { p.decay = cmp.Or(c.DecaySeconds, 10) }

// NewPicker implements [base2.Policy].
func (p *policy) NewPicker(view base2.View[load]) balancer.Picker {
	return picker{decay: p.decay, ready: view.Ready()}
}

// picker takes the better of two random endpoints.
type picker struct {
	decay float64
	ready []base2.Ready[load]
}

// Pick implements [balancer.Picker].
func (p picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	e := p.ready[rand.IntN(len(p.ready))]
	if other := p.ready[rand.IntN(len(p.ready))]; other.Endpoint.Data.cost() < e.Endpoint.Data.cost() {
		e = other
	}
	return balancer.PickResult{SubConn: e.SubConn, Done: e.Endpoint.Data.start(p.decay)}, nil
}
