package xdsparents_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/resolver"
)

// ejecting ejects an endpoint for a second when half of its RPCs fail.
const ejecting = `{"loadBalancingConfig": [{"outlier_detection_experimental": {
	"interval": "0.050s",
	"baseEjectionTime": "1s",
	"maxEjectionTime": "1s",
	"maxEjectionPercent": 100,
	"failurePercentageEjection": {"threshold": 50, "enforcementPercentage": 100, "minimumHosts": 2, "requestVolume": 3},
	"childPolicy": [{"round_robin2": {}}]
}}]}`

func TestEjectedEndpointsGetNoPicksAndReturn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	backends := []*backend{startBackend(t), startBackend(t), startBackend(t)}
	client := dial(t, ejecting, resolver.State{Endpoints: endpointsOf(backends...)})

	wantShares(ctx, t, client, backends, 10, 10, 10)
	backends[1].sick.Store(true)
	wantShares(ctx, t, client, backends, 15, 0, 15)
	backends[1].sick.Store(false)
	wantShares(ctx, t, client, backends, 10, 10, 10)
}
