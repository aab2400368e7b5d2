package conformance_test

import (
	"slices"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/randomsubsetting"
	"google.golang.org/grpc/balancer/ringhash"
	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// TestPoliciesOfGRPCPass shows that grpc-go's own policies meet the demands of Check,
// metered and not, with three exceptions. All shut SubConns down before they report a
// picker without them. In v1.85.0 pick_first does so in reconcileSubConnsLocked. The
// others do so through endpointsharding, which closes the children of removed
// endpoints before it reports. Also, ExitIdle of endpointsharding reads, without a
// lock, what an update writes. ring_hash does not pass ExitIdle on. And pick_first, which
// all of them are built on, keeps no error of a SubConn that goes from READY to
// TRANSIENT_FAILURE: if it fails last, picks return no error, and no SubConn.
//
// The packages of this module's policies check them without exceptions.
//
// Some policies are not here. weighted_round_robin depends on the messages of xDS,
// so xdsparents checks it. weighted_target and rls need more than endpoints and a
// config: names of children in the endpoints, and a server.
func TestPoliciesOfGRPCPass(t *testing.T) {
	t.Parallel()
	two := []balancertest.CheckOption{balancertest.ShutsDownFirst, balancertest.LostIsIdle}
	three := []balancertest.CheckOption{balancertest.ShutsDownFirst, balancertest.LostIsIdle, balancertest.SerialExitIdle}
	for name, opts := range map[string][]balancertest.CheckOption{
		pickfirst.Name:        two,
		roundrobin.Name:       three,
		leastrequest.Name:     three,
		ringhash.Name:         append(slices.Clip(two), balancertest.ConfigFields(`{"requestHashHeader": "session"}`)), // else the hash comes from xDS
		randomsubsetting.Name: append(slices.Clip(three), balancertest.ConfigFields(`{"subsetSize": 2, "childPolicy": [{"round_robin": {}}]}`)),
	} {
		b := balancer.Get(name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, b, opts...)
		})
		t.Run(name+" metered", func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, metrics.New(metrics.WithLatency()).Instrument(b), opts...)
		})
	}
}
