package xdsparents_test

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

// preferredAndFallback uses the group "preferred", with round_robin2. While all its
// endpoints fail it uses the group "fallback", with pick_first2.
const preferredAndFallback = `{"loadBalancingConfig": [{"priority_experimental": {
	"children": {
		"preferred": {"config": [{"test_group": {"group": "preferred", "policy": "round_robin2"}}]},
		"fallback":  {"config": [{"test_group": {"group": "fallback", "policy": "pick_first2"}}]}
	},
	"priorities": ["preferred", "fallback"]
}}]}`

func TestPriorityFallsBackWhenAllOfALevelFail(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	s := channeltest.StartServers(t, 4)
	c := channeltest.NewClient(t, "", "")
	c.Resolver.InitialState(channeltest.Groups{"preferred": s[:2].Endpoints(), "fallback": s[2:].Endpoints()}.State())
	c.Connect(channeltest.WithTLSInTurn(t), grpc.WithDefaultServiceConfig(preferredAndFallback))
	c.CallUntilEven(ctx, rpcs, s[0].Addr, s[1].Addr)
	s[0].Kill()
	c.CallUntilEven(ctx, rpcs, s[1].Addr)
	s[1].Kill()
	c.CallUntilEven(ctx, rpcs, s[2].Addr)
	s[2].Kill()
	c.CallUntilEven(ctx, rpcs, s[3].Addr)
}
