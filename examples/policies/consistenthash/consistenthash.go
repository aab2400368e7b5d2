// Package consistenthash is a load-balancing policy that sends all RPCs with the same
// key to the same endpoint. It is for servers that keep something for each key in
// memory, such as a cache, a session or a lock. The key is whatever the RPCs have in
// common:
//
//	ctx = consistenthash.WithKey(ctx, userID)
//
// This service config selects the policy:
//
//	{"loadBalancingConfig": [{"consistent_hash": {"onFailure": "next", "replicas": 2}}]}
//
// All its fields are optional:
//
//   - "header" names a header of the request that has the key of RPCs without WithKey.
//     Reading it copies the headers of the RPC.
//   - "onFailure" says what RPCs do while the endpoint of their key cannot be reached.
//     With "fail", the default, they fail with the endpoint's error. With "wait" they
//     wait for the endpoint; they fail only while no endpoint at all can be reached.
//     With "next" they go to the next endpoint of the key.
//   - "replicas" is the number of endpoints that a key may use under "next", its own
//     included. The default is 2.
//
// An endpoint connects when its first RPC comes, which waits for the connection.
//
// Every client finds the same endpoint for a key, if the resolver sends it the same
// list in any order: what a client is connected to does not count. An endpoint that is
// added takes an equal share of the keys from each of the others, and gives them back
// when it is removed. No other key moves. Weights that the resolver gives the
// endpoints are respected.
//
// The policy is not for RPCs that any endpoint can serve: a popular key makes its
// endpoint busier than the others. Nor is it for thousands of endpoints: a pick looks
// at each endpoint, which takes about 40 ns. There the hash ring of ring_hash is
// faster.
package consistenthash

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name is the policy's name in a service config.
const Name = "consistent_hash"

func init() { balancer.Register(metrics.Default().Instrument(NewBuilder())) }

// NewBuilder returns the policy without metrics.
func NewBuilder() balancer.Builder {
	newPolicy := func(*base2.Channel) *policy { return new(policy) }
	return base2.NewConfigured(Name, newPolicy, base2.WithConnectOnRequest())
}

type keyOfContext struct{}

// WithKey returns a context whose RPCs have the key.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOfContext{}, key)
}

// config is the policy's part of a service config. The package comment describes it.
type config struct {
	Header    string `json:"header"`
	OnFailure string `json:"onFailure"`
	Replicas  int    `json:"replicas"`
}

// Validate implements base2's optional check of a config.
func (c config) Validate() error {
	switch {
	case !slices.Contains([]string{"", "fail", "wait", "next"}, c.OnFailure):
		return fmt.Errorf(`onFailure is %q, want "fail", "wait" or "next"`, c.OnFailure)
	case c.Replicas != 0 && c.OnFailure != "next":
		return fmt.Errorf(`replicas is %d, want it only with {"onFailure": "next"}`, c.Replicas)
	case c.Replicas < 0 || c.Replicas == 1:
		return fmt.Errorf("replicas is %d, want 2 or more, or 0 for the default", c.Replicas)
	}
	return nil
}

// key returns the key of an RPC.
func (c config) key(ctx context.Context) (key string, ok bool) {
	key, ok = ctx.Value(keyOfContext{}).(string)
	if ok || c.Header == "" {
		return key, ok
	}
	headers, _ := metadata.FromOutgoingContext(ctx)
	values := headers.Get(c.Header)
	return strings.Join(values, ","), len(values) > 0
}

// policy is the policy of one channel.
type policy struct {
	config   config
	replicas int
}

// Configure implements [base2.Configurable].
func (p *policy) Configure(c config) {
	p.config, p.replicas = c, 1
	if c.OnFailure == "next" {
		p.replicas = cmp.Or(c.Replicas, 2)
	}
}

// NewPicker implements [base2.Policy].
func (p *policy) NewPicker(view base2.View[struct{}]) balancer.Picker {
	endpoints := make([]endpoint, 0, view.Len())
	for status := range view.All() {
		endpoints = append(endpoints, newEndpoint(status))
	}
	return &picker{policy: *p, endpoints: endpoints, allFailed: view.State() == connectivity.TransientFailure}
}
