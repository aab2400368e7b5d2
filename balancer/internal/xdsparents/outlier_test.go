package xdsparents_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
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

// An ejected endpoint keeps its connection.
func TestAnEjectedBackendIsReadyAndNotUsable(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	backends := []*backend{startBackend(t), startBackend(t), startBackend(t)}
	client := dial(t, ejecting, resolver.State{Endpoints: endpointsOf(backends...)})
	wantShares(ctx, t, client, backends, 10, 10, 10)
	wantSubchannels(ctx, t, client, backends[1], subchannels{ready: 1, usable: 1})

	backends[1].sick.Store(true)
	wantSubchannels(ctx, t, client, backends[1], subchannels{ready: 1, unusable: map[string]float64{"ejected": 1}})
	wantSubchannels(ctx, t, client, backends[0], subchannels{ready: 1, usable: 1})

	backends[1].sick.Store(false)
	wantShares(ctx, t, client, backends, 10, 10, 10)
	wantSubchannels(ctx, t, client, backends[1], subchannels{ready: 1, usable: 1})
}

// subchannels are those of a backend.
type subchannels struct {
	ready, usable float64
	unusable      map[string]float64 // by reason, without those of 0
}

// wantSubchannels sends RPCs until the metrics say so of the backend. Without RPCs
// no endpoint is ejected again.
func wantSubchannels(ctx context.Context, t *testing.T, client healthpb.HealthClient, b *backend, want subchannels) {
	t.Helper()
	var got subchannels
	if !channeltest.Poll(ctx, func() bool {
		sharesOf(ctx, client, nil)
		got = subchannelsOf(t, b)
		return got.ready == want.ready && got.usable == want.usable && maps.Equal(got.unusable, want.unusable)
	}) {
		t.Fatalf("the backend has the subchannels %+v, want %+v", got, want)
	}
}

func subchannelsOf(t *testing.T, b *backend) subchannels {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatalf("gather metrics: %v", err)
	}
	got := subchannels{unusable: make(map[string]float64)}
	for _, family := range families {
		for _, m := range family.Metric {
			if !slices.ContainsFunc(m.Label, func(l *dto.LabelPair) bool { return l.GetValue() == b.addr }) {
				continue
			}
			switch n := m.Gauge.GetValue(); family.GetName() {
			case "grpc_lb_ready_subchannels":
				got.ready += n
			case "grpc_lb_usable_subchannels":
				got.usable += n
			case "grpc_lb_unusable_subchannels":
				for _, l := range m.Label {
					if l.GetName() == "grpc_lb_unusable_reason" && n != 0 {
						got.unusable[l.GetValue()] += n
					}
				}
			}
		}
	}
	return got
}
