// Package leastinflight is the load-balancing policy least_in_flight. It looks at a few
// random endpoints and sends the RPC to the one with the fewest RPCs in flight. This
// service config selects it:
//
//	{"loadBalancingConfig": [{"least_in_flight": {"choiceCount": 2}}]}
//
// It is for RPCs whose cost differs much from one to the next, and for streams: an
// endpoint that is busy or slow has more in flight, so it gets fewer new ones. Two
// choices spread almost as well as a look at all endpoints would, and clients do not
// all turn to the same one.
//
// It is not for endpoints that may fail fast: these have little in flight, and so get
// more RPCs; see the policy peak_ewma. Nor does it help clients that rarely have more
// than one RPC in flight: each client knows only its own.
//
// The config is that of gRPC's least_request_experimental (gRFC A48).
package leastinflight

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"sync/atomic"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name is the policy's name in a service config.
const Name = "least_in_flight"

func init() { balancer.Register(metrics.Default().Instrument(NewBuilder())) }

// NewBuilder returns the policy without metrics.
func NewBuilder() balancer.Builder {
	return base2.NewConfigured(Name, func(*base2.Channel) *policy { return new(policy) })
}

const (
	defaultChoices = 2
	maxChoices     = 10 // gRFC A48 takes more for 10
)

// config is the policy's part of a service config.
type config struct {
	// ChoiceCount is the number of random endpoints to compare for each RPC. An endpoint
	// may be chosen twice. The default is 2; more than 10 counts as 10.
	ChoiceCount uint32 `json:"choiceCount"`
}

// Validate implements base2's optional check of a config.
func (c config) Validate() error {
	if c.ChoiceCount == 1 {
		return errors.New("choiceCount is 1, want 0 for the default, or 2 to 10")
	}
	return nil
}

// policy is the policy of one channel. base2 keeps a load for each endpoint.
type policy struct{ choices int }

// Configure implements [base2.Configurable].
func (p *policy) Configure(c config) {
	p.choices = int(min(cmp.Or(c.ChoiceCount, defaultChoices), maxChoices))
}

// NewPicker implements [base2.Policy].
func (p *policy) NewPicker(view base2.View[load]) balancer.Picker {
	return picker{choices: p.choices, ready: view.Ready()}
}

// load is what the policy knows of one endpoint.
type load struct {
	inFlight atomic.Int64
	done     func(balancer.DoneInfo) // ends an RPC
}

// Init makes done, for base2. If each pick made its own, each would allocate.
func (l *load) Init() { l.done = func(balancer.DoneInfo) { l.inFlight.Add(-1) } }

// picker takes the best of some random endpoints.
type picker struct {
	choices int
	ready   []base2.Ready[load]
}

// Pick implements [balancer.Picker].
func (p picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	best := p.random()
	for range p.choices - 1 {
		if other := p.random(); other.Endpoint.Data.inFlight.Load() < best.Endpoint.Data.inFlight.Load() {
			best = other
		}
	}
	load := &best.Endpoint.Data
	load.inFlight.Add(1)
	return balancer.PickResult{SubConn: best.SubConn, Done: load.done}, nil
}

func (p picker) random() base2.Ready[load] { return p.ready[rand.IntN(len(p.ready))] }
