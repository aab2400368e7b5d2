package registered_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

// Whatever the policies wrap their children's ClientConns in, an inner one can tell
// that it is inside a metered one.
func TestOfPoliciesInsideOneAnotherTheOutermostCounts(t *testing.T) {
	t.Parallel()
	for policy, config := range map[string]string{
		"weighted_round_robin":           `{}`,
		"outlier_detection_experimental": `{"childPolicy": [{"round_robin": {}}]}`,
		"priority_experimental": `{"priorities": ["a"], "children": {
			"a": {"config": [{"test_group": {"group": "all", "policy": "round_robin"}}]}
		}}`,
		"rls_experimental": `{
			"routeLookupConfig": {
				"grpcKeybuilders": [{"names": [{"service": "grpc.health.v1.Health"}]}],
				"lookupService": "passthrough:///127.0.0.1:1", "lookupServiceTimeout": "1s",
				"cacheSizeBytes": 1000, "defaultTarget": "any"
			},
			"childPolicy": [{"outlier_detection_experimental": {"childPolicy": [{"pick_first": {}}]}}],
			"childPolicyConfigTargetFieldName": "target"
		}`,
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			backends := startBackends(t, 3)
			conn := connect(t, `{"loadBalancingConfig": [{"`+policy+`": `+config+`}]}`, backends)
			sent := call(t, conn)
			want := map[string]float64{policy: rpcs}
			if diff := cmp.Diff(want, channeltest.RPCsBy(t, "grpc_lb_policy", prometheus.DefaultGatherer, conn)); diff != "" {
				t.Errorf("RPCs by policy (-want +got):\n%s", diff)
			}
			wantCounted(t, conn, sent)
		})
	}
}
