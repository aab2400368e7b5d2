package xdsparents_test

import (
	"context"
	"testing"
	"time"

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
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	b := []*backend{startBackend(t), startBackend(t), startBackend(t), startBackend(t)}
	groups := channeltest.Groups{"preferred": endpointsOf(b[0], b[1]), "fallback": endpointsOf(b[2], b[3])}
	client := dial(t, preferredAndFallback, groups.State())
	wantShares(ctx, t, client, b, 15, 15, 0, 0)
	b[0].stop()
	wantShares(ctx, t, client, b, 0, 30, 0, 0)
	b[1].stop()
	wantShares(ctx, t, client, b, 0, 0, 30, 0)
	b[2].stop()
	wantShares(ctx, t, client, b, 0, 0, 0, 30)
}
