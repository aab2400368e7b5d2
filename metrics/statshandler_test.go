package metrics_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// gatherAll returns the values of a registry's series, by name and by the values of
// its labels but the target.
func gatherAll(t *testing.T, registry prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Errorf("gather: %v", err)
	}
	values := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.Metric {
			p := newPoint(f.GetName(), m)
			values[strings.TrimSpace(p.name+" "+p.extra)] += p.value
		}
	}
	return values
}

func TestStatsHandlerExportsWhatGRPCRecordsOfConnections(t *testing.T) {
	t.Parallel()
	h := metrics.NewStatsHandler(metrics.WithGRPCInstruments(
		"grpc.subchannel.connection_attempts_succeeded", "grpc.subchannel.connection_attempts_failed",
		"grpc.subchannel.disconnections", "grpc.subchannel.open_connections"),
		metrics.WithGRPCLabels("grpc.security_level"))
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(h)
	s := startServer(t)
	c := newClientWith(t, []grpc.DialOption{grpc.WithStatsHandler(h)}, `{"loadBalancingConfig": [{"metered_round_robin": {}}]}`, s)
	if code, _ := c.call(t.Context(), codes.OK); code != codes.OK {
		t.Fatalf("RPC: %v", code)
	}
	want := map[string]float64{
		"grpc_subchannel_connection_attempts_succeeded_total": 1,
		"grpc_subchannel_open_connections NoSecurity":         1,
	}
	eventually(t, "gRPC records the connection", func() bool { return maps.Equal(gatherAll(t, registry), want) })
	s.stop()
	want["grpc_subchannel_disconnections_total"] = 1
	want["grpc_subchannel_open_connections NoSecurity"] = 0
	eventually(t, "gRPC records the loss and what follows", func() bool {
		got := gatherAll(t, registry)
		delete(got, "grpc_subchannel_connection_attempts_failed_total") // gRPC goes on trying
		return maps.Equal(got, want)
	})
}

// A policy's records reach the handler and a Metrics. A registry with both would
// show them twice.
func TestOneInstrumentInStatsHandlerAndMetricsOfARegistry(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.New(metrics.WithGRPCInstruments("metricstest.turns")))
	err := registry.Register(metrics.NewStatsHandler(metrics.WithGRPCInstruments("metricstest.turns")))
	if err == nil {
		t.Error("the registry took both")
	}
}

func TestStatsHandlerWithoutInstruments(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.NewStatsHandler())
	s := startServer(t)
	opts := []grpc.DialOption{grpc.WithStatsHandler(metrics.NewStatsHandler())}
	c := newClientWith(t, opts, `{"loadBalancingConfig": [{"metered_round_robin": {}}]}`, s)
	if code, _ := c.call(t.Context(), codes.OK); code != codes.OK {
		t.Fatalf("RPC: %v", code)
	}
	if got := gatherAll(t, registry); len(got) > 0 {
		t.Errorf("series %v, want none", slices.Sorted(maps.Keys(got)))
	}
}

// gRPC makes what it tells stats.Handlers once for all of them.
func TestStatsHandlerBesideAnotherAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, too")
	}
	s := startServer(t)
	allocations := func(handlers int) float64 {
		var opts []grpc.DialOption
		for range handlers {
			opts = append(opts, grpc.WithStatsHandler(metrics.NewStatsHandler()))
		}
		c := newClientWith(t, opts, `{"loadBalancingConfig": [{"metered_round_robin": {}}]}`, s)
		return testing.AllocsPerRun(1000, func() { c.call(t.Context(), codes.OK) })
	}
	if one, two := allocations(1), allocations(2); two-one >= 1 {
		t.Errorf("a second handler makes %v allocations per RPC of %v", two, one)
	}
}
