// Package weightedroundrobin is the load-balancing policy weighted_round_robin2. It
// sends RPCs to the endpoints in turn, in proportion to the weights that the resolver
// gives them. New endpoints start slowly. This service config selects it:
//
//	{"loadBalancingConfig": [{"weighted_round_robin2": {
//		"slowStart": {"windowSeconds": 60, "aggression": 1, "minWeightPercent": 10}
//	}}]}
//
// A resolver sets the weight of an endpoint by the package weight of gRPC. An endpoint
// without one has the weight 1. Without "slowStart" endpoints have their full weights at
// once.
//
// The policy is for endpoints of different sizes, known to the resolver, and for servers
// that are slow at first: they fill caches, compile, or open connections of their own.
//
// It is not for weights that should follow the load: for these there is gRPC's
// weighted_round_robin (gRFC A58). Nor does slow start help when all endpoints are
// new: each then gets its usual share.
package weightedroundrobin

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name is the policy's name in a service config.
const Name = "weighted_round_robin2"

func init() { balancer.Register(metrics.Default().Instrument(NewBuilder())) }

// NewBuilder returns the policy without metrics.
func NewBuilder() balancer.Builder {
	return base2.NewConfigured(Name, newPolicy, base2.WithEveryState())
}

// config is the policy's part of a service config.
type config struct {
	SlowStart slowStart `json:"slowStart"`
}

// Validate implements base2's optional check of a config.
func (c config) Validate() error { return c.SlowStart.validate() }

// policy is the policy of one channel. base2 keeps a history for each endpoint.
type policy struct {
	slowStart slowStart
	turn      atomic.Uint64 // of all pickers, so that a new one goes on where the last one was
	channel   *base2.Channel
}

func newPolicy(c *base2.Channel) *policy {
	p := &policy{channel: c}
	p.turn.Store(uint64(rand.Uint32())) // or all clients would start with the same endpoint
	return p
}

// Configure implements [base2.Configurable].
func (p *policy) Configure(c config) { p.slowStart = c.SlowStart.withDefaults() }

// NewPicker implements [base2.Policy].
func (p *policy) NewPicker(view base2.View[history]) balancer.Picker {
	now := time.Now()
	var endpoints []balancer.SubConn
	var weights []float64
	starting := false
	for e := range view.All() {
		ready := e.State == connectivity.Ready
		e.Endpoint.Data.record(ready, now)
		if !ready {
			continue
		}
		factor := p.slowStart.factor(now.Sub(e.Endpoint.Data.start))
		starting = starting || factor < 1
		endpoints = append(endpoints, e.SubConn)
		weights = append(weights, float64(e.Weight())*factor)
	}
	if starting {
		p.channel.RebuildAfter(p.slowStart.step())
	}
	if len(endpoints) == 0 {
		return base.NewErrPicker(view.PickError())
	}
	return newPicker(endpoints, weights, &p.turn)
}
