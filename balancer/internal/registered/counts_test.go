package registered_test

import (
	"context"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

// connect makes a channel to the endpoints, with the service config.
func connect(t *testing.T, config string, state resolver.State) *channeltest.Client {
	t.Helper()
	c := channeltest.NewClient(t, "", "")
	c.Resolver.InitialState(state)
	c.Connect(channeltest.WithTLS(t), grpc.WithDefaultServiceConfig(config))
	return c
}

// call sends RPCs and returns how many went to each address. They wait while
// connections are made.
func call(ctx context.Context, t *testing.T, c *channeltest.Client) map[string]float64 {
	t.Helper()
	got := map[string]float64{}
	for range rpcs {
		addr, err := c.Call(ctx, grpc.WaitForReady(true))
		if err != nil {
			t.Fatalf("RPC: %v", err)
		}
		got[addr]++
	}
	return got
}

const rpcs = 30

// A program selects policies as it did before they were metered. Each is metered under
// its own name, with the numbers of each backend.
func TestEachBackendsRPCsAreCountedUnderTheNameInTheServiceConfig(t *testing.T) {
	t.Parallel()
	for policy, config := range map[string]string{
		"pick_first":                 `{}`,
		"round_robin":                `{"loadBalancingConfig": [{"round_robin": {}}]}`,
		"least_request_experimental": `{"loadBalancingConfig": [{"least_request_experimental": {"choiceCount": 2}}]}`,
		"ring_hash_experimental":     `{"loadBalancingConfig": [{"ring_hash_experimental": {"requestHashHeader": "session"}}]}`,
		"grpclb":                     `{"loadBalancingConfig": [{"grpclb": {}}]}`,
		"named":                      `{"loadBalancingConfig": [{"named": {}}]}`,
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx := channeltest.Context(t)
			servers := channeltest.StartServers(t, 3)
			c := connect(t, config, servers.State())
			sent := call(ctx, t, c)
			if diff := cmp.Diff(map[string]float64{policy: rpcs}, channeltest.RPCsBy(t, "grpc_lb_policy", registry, c.Conn)); diff != "" {
				t.Errorf("RPCs by policy (-want +got):\n%s", diff)
			}
			counted := channeltest.RPCsBy(t, "grpc_lb_backend", registry, c.Conn)
			maps.DeleteFunc(counted, func(_ string, n float64) bool { return n == 0 })
			if diff := cmp.Diff(sent, counted); diff != "" {
				t.Errorf("RPCs by backend (-sent +counted):\n%s", diff)
			}
		})
	}
}

// Whatever the policies wrap their children's ClientConns in, an inner one can tell
// that it is inside a metered one.
func TestOfPoliciesInsideOneAnotherTheOutermostCounts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config string
		want   map[string]float64
	}{
		"weighted_target": {
			`{"loadBalancingConfig": [{"weighted_target_experimental": {"targets": {
				"a": {"weight": 1, "childPolicy": [{"test_group": {"group": "all", "policy": "round_robin"}}]},
				"b": {"weight": 1, "childPolicy": [{"test_group": {"group": "all", "policy": "pick_first"}}]}
			}}}]}`,
			map[string]float64{"weighted_target_experimental": rpcs},
		},
		"random_subsetting": {
			`{"loadBalancingConfig": [{"random_subsetting_experimental": {"subsetSize": 2, "childPolicy": [{"round_robin": {}}]}}]}`,
			map[string]float64{"random_subsetting_experimental": rpcs},
		},
		"several levels": {
			`{"loadBalancingConfig": [{"random_subsetting_experimental": {"subsetSize": 2, "childPolicy": [
				{"weighted_target_experimental": {"targets": {"a": {"weight": 1, "childPolicy": [{"test_group": {"group": "all", "policy": "named"}}]}}}}
			]}}]}`,
			map[string]float64{"random_subsetting_experimental": rpcs},
		},
		"an outermost one that is not metered": {
			`{"loadBalancingConfig": [{"test_group": {"group": "all", "policy": "round_robin"}}]}`,
			map[string]float64{"round_robin": rpcs},
		},
		"an inner one that Instrument has metered": {
			`{"loadBalancingConfig": [{"random_subsetting_experimental": {"subsetSize": 2, "childPolicy": [{"explicit": {}}]}}]}`,
			map[string]float64{"random_subsetting_experimental": rpcs, "explicit": rpcs},
		},
		"an outer one that Instrument has metered": {
			`{"loadBalancingConfig": [{"explicit": {}}]}`,
			map[string]float64{"explicit": rpcs},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, test.config, channeltest.Groups{"all": channeltest.StartServers(t, 3).Endpoints()}.State())
			call(channeltest.Context(t), t, c)
			if diff := cmp.Diff(test.want, channeltest.RPCsBy(t, "grpc_lb_policy", registry, c.Conn)); diff != "" {
				t.Errorf("RPCs by policy (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachOfSeveralMetricsCountsItsOutermostPolicy(t *testing.T) {
	t.Parallel()
	c := connect(t, `{"loadBalancingConfig": [{"explicit": {}}]}`, channeltest.StartServers(t, 3).State())
	call(channeltest.Context(t), t, c)
	got := [2]map[string]float64{channeltest.RPCsBy(t, "grpc_lb_policy", registry, c.Conn), channeltest.RPCsBy(t, "grpc_lb_policy", otherRegistry, c.Conn)}
	want := [2]map[string]float64{{"explicit": rpcs}, {"pick_first": rpcs}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("RPCs by policy (-want +got):\n%s", diff)
	}
	c = connect(t, `{"loadBalancingConfig": [{"named": {}}]}`, channeltest.StartServers(t, 3).State())
	call(channeltest.Context(t), t, c)
	if got := channeltest.RPCsBy(t, "grpc_lb_policy", otherRegistry, c.Conn); !maps.Equal(got, map[string]float64{"named": rpcs}) {
		t.Errorf("RPCs by policy: %v, want all under named", got)
	}
}
