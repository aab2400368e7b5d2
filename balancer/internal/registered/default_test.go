package registered_test

import (
	"maps"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

// gRPC parses its default service config when it is initialized, with the policies
// that are registered then. If a version of gRPC parses it later, the first case fails;
// then the documentation can be shorter.
func TestOnlyAChannelWithoutAServiceConfigIsNotMetered(t *testing.T) {
	t.Parallel()
	set := grpc.WithDefaultServiceConfig
	tests := map[string]struct {
		opts []grpc.DialOption
		sent string // by the resolver; "" for none
		want string // the policy that counts; "" for none
	}{
		"no service config":                      {nil, "", ""},
		"none and those of the resolver are off": {[]grpc.DialOption{grpc.WithDisableServiceConfig()}, `{}`, ""},

		"empty": {[]grpc.DialOption{set(`{}`)}, "", "pick_first"},
		"empty and those of the resolver are off": {[]grpc.DialOption{set(`{}`), grpc.WithDisableServiceConfig()}, `{"loadBalancingConfig": [{"round_robin": {}}]}`, "pick_first"},
		"without a policy":                        {[]grpc.DialOption{set(`{"methodConfig": [{"name": [{}], "waitForReady": true}]}`)}, "", "pick_first"},
		"loadBalancingPolicy":                     {[]grpc.DialOption{set(`{"loadBalancingPolicy": "round_robin"}`)}, "", "round_robin"},
		"unknown loadBalancingPolicy":             {[]grpc.DialOption{set(`{"loadBalancingPolicy": "no_such_policy"}`)}, "", "pick_first"},
		"loadBalancingConfig":                     {[]grpc.DialOption{set(`{"loadBalancingConfig": [{"pick_first": {"shuffleAddressList": true}}]}`)}, "", "pick_first"},

		"empty from the resolver":               {nil, `{}`, "pick_first"},
		"loadBalancingPolicy from the resolver": {nil, `{"loadBalancingPolicy": "round_robin"}`, "round_robin"},
		"loadBalancingConfig from the resolver": {nil, `{"loadBalancingConfig": [{"round_robin": {}}]}`, "round_robin"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := channeltest.NewClient(t, "", "")
			state := channeltest.StartServers(t, 2).State()
			c.Resolver.BuildCallback = func(_ resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) {
				if test.sent != "" {
					state.ServiceConfig = cc.ParseServiceConfig(test.sent)
				}
				c.Resolver.InitialState(state)
			}
			c.Connect(append(test.opts, channeltest.WithTLS(t))...)
			call(channeltest.Context(t), t, c)
			want := map[string]float64{}
			if test.want != "" {
				want[test.want] = rpcs
			}
			if got := channeltest.RPCsBy(t, "grpc_lb_policy", registry, c.Conn); !maps.Equal(got, want) {
				t.Errorf("RPCs by policy: %v, want %v", got, want)
			}
		})
	}
}

// gRPC switches policies only if the name changes, so it keeps the pick_first that it
// has.
func TestAChannelThatHasStartedWithoutAServiceConfigIsMeteredFromTheNextPolicyOn(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	c := channeltest.NewClient(t, "", "")
	state := channeltest.StartServers(t, 2).State()
	c.Resolver.InitialState(state)
	c.Connect(channeltest.WithTLS(t))
	call(ctx, t, c)
	for _, step := range []struct {
		config string
		want   []string
	}{
		{`{}`, nil},
		{`{"loadBalancingConfig": [{"round_robin": {}}]}`, []string{"round_robin"}},
	} {
		state.ServiceConfig = c.Resolver.CC().ParseServiceConfig(step.config)
		c.Update(state)
		call(ctx, t, c)
		if got := slices.Collect(maps.Keys(channeltest.RPCsBy(t, "grpc_lb_policy", registry, c.Conn))); !slices.Equal(got, step.want) {
			t.Errorf("policies with series after %s: %v, want %v", step.config, got, step.want)
		}
	}
}
