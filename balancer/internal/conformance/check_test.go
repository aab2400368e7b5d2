package conformance_test

import (
	"encoding/json"
	"maps"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/randomsubsetting"
	"google.golang.org/grpc/balancer/ringhash"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// TestPoliciesOfGRPCPass: what Check demands is what grpc-go's own policies do,
// as they are and metered, with two exceptions. All shut SubConns down before the
// picker without them is reported: pick_first does (in 1.85.0) in
// reconcileSubConnsLocked, the others through endpointsharding, which closes the
// children of endpoints that are gone before it reports. And endpointsharding's
// ExitIdle reads what an update writes. ring_hash does not pass ExitIdle on.
//
// This module's policies are checked where they are defined, without exceptions.
//
// Missing are weighted_round_robin, which would have this module depend on xDS's
// messages and is checked in xdsparents, and those that take more than
// endpoints and a config: weighted_target looks for its children's names in the
// endpoints, rls calls a server.
func TestPoliciesOfGRPCPass(t *testing.T) {
	t.Parallel()
	one := []balancertest.Exception{balancertest.ShutsDownFirst}
	both := []balancertest.Exception{balancertest.ShutsDownFirst, balancertest.SerialExitIdle}
	for name, policy := range map[string]struct {
		exceptions []balancertest.Exception
		fields     map[string]any
	}{
		pickfirst.Name:    {exceptions: one},
		roundrobin.Name:   {exceptions: both},
		leastrequest.Name: {exceptions: both},
		ringhash.Name:     {exceptions: one, fields: map[string]any{"requestHashHeader": "session"}}, // else the hash comes from xDS
		randomsubsetting.Name: {exceptions: both, fields: map[string]any{
			"subsetSize":  2,
			"childPolicy": []map[string]any{{roundrobin.Name: struct{}{}}},
		}},
	} {
		b := balancer.Get(name)
		if policy.fields != nil {
			b = withFields{b, policy.fields}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, b, policy.exceptions...)
		})
		t.Run(name+" metered", func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, metrics.New(metrics.WithLatency()).Instrument(b), policy.exceptions...)
		})
	}
}

// withFields gives a policy the fields that its config cannot do without.
type withFields struct {
	balancer.Builder
	fields map[string]any
}

// ParseConfig implements [balancer.ConfigParser].
func (b withFields) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	fields := make(map[string]any)
	if err := json.Unmarshal(js, &fields); err != nil {
		return nil, err
	}
	maps.Copy(fields, b.fields)
	js, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	return b.Builder.(balancer.ConfigParser).ParseConfig(js)
}
