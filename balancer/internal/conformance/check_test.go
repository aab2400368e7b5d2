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

// TestPoliciesOfGRPCPass shows that grpc-go's own policies meet the demands of Check,
// metered and not, with two exceptions. All shut SubConns down before they report a
// picker without them. In v1.85.0 pick_first does so in reconcileSubConnsLocked. The
// others do so through endpointsharding, which closes the children of removed
// endpoints before it reports. Also, ExitIdle of endpointsharding reads, without a
// lock, what an update writes. ring_hash does not pass ExitIdle on.
//
// The packages of this module's policies check them without exceptions.
//
// Some policies are not here. weighted_round_robin depends on the messages of xDS,
// so xdsparents checks it. weighted_target and rls need more than endpoints and a
// config: names of children in the endpoints, and a server.
func TestPoliciesOfGRPCPass(t *testing.T) {
	t.Parallel()
	one := []balancertest.CheckOption{balancertest.ShutsDownFirst}
	both := []balancertest.CheckOption{balancertest.ShutsDownFirst, balancertest.SerialExitIdle}
	for name, policy := range map[string]struct {
		exceptions []balancertest.CheckOption
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

// withFields adds the fields that a policy's config must have.
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
