package oteloracle_test

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/orca"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpc-balancer2/balancer2/metrics"
)

var (
	wrrInstruments = []string{
		"grpc.lb.wrr.rr_fallback", "grpc.lb.wrr.endpoint_weight_not_yet_usable",
		"grpc.lb.wrr.endpoint_weight_stale", "grpc.lb.wrr.endpoint_weights",
	}
	wrrLabels = []string{"grpc.lb.locality"}

	// metered meters weighted_round_robin. The tests' channels differ by target.
	metered = metrics.New(metrics.WithGRPCInstruments(wrrInstruments...), metrics.WithGRPCLabels(wrrLabels...))
)

var targets atomic.Int64

func newTarget() string { return fmt.Sprint("wrr:///", targets.Add(1)) }

func init() {
	balancer.Register(metered.InstrumentAs("metered_wrr", balancer.Get("weighted_round_robin")))
}

// startServer starts one that reports a load for which its weight is as given.
func startServer(t *testing.T, weight float64) resolver.Endpoint {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(orca.CallMetricsServerOption(nil), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		load := orca.CallMetricsRecorderFromContext(stream.Context())
		load.SetQPS(weight / 2)
		load.SetApplicationUtilization(.5)
		if err := stream.RecvMsg(new(emptypb.Empty)); err != nil {
			return err
		}
		return stream.SendMsg(new(emptypb.Empty))
	}))
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.Serve(lis) })
	t.Cleanup(func() {
		s.Stop()
		serving.Wait()
	})
	return resolver.Endpoint{Addresses: []resolver.Address{{Addr: lis.Addr().String()}}}
}

// dial returns a channel to the servers, with gRPC's plugin beside the decorator.
func dial(t *testing.T, target string, plugin grpc.DialOption, servers ...resolver.Endpoint) *grpc.ClientConn {
	t.Helper()
	r := manual.NewBuilderWithScheme("wrr")
	r.InitialState(resolver.State{Endpoints: servers})
	conn, err := grpc.NewClient(target, plugin, grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"metered_wrr": {"blackoutPeriod": "0s", "weightUpdatePeriod": "0.1s"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// callUntil does RPCs until done.
func callUntil(t *testing.T, conn *grpc.ClientConn, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !done() {
		if err := conn.Invoke(ctx, "/test/call", new(emptypb.Empty), new(emptypb.Empty), grpc.WaitForReady(true)); err != nil {
			t.Fatalf("RPC: %v", err)
		}
	}
}

// ofWRR returns the lines of a scrape that show what weighted_round_robin records
// for the target.
func ofWRR(tb testing.TB, registry prometheus.Gatherer, target string) string {
	tb.Helper()
	scrape := text(tb, registry, func(family string) bool { return strings.HasPrefix(family, "grpc_lb_wrr_") })
	var b strings.Builder
	for line := range strings.Lines(scrape) {
		if strings.HasPrefix(line, "#") || strings.Contains(line, `grpc_target="`+target+`"`) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// weights returns how often a weight of 0, of 100 and of 200 was recorded.
func weights(t *testing.T, registry prometheus.Gatherer, target string) (none, hundreds, twoHundreds, sum float64) {
	t.Helper()
	value := func(series string) float64 {
		_, after, _ := strings.Cut(ofWRR(t, registry, target), "grpc_lb_wrr_endpoint_weights_"+series+"} ")
		line, _, _ := strings.Cut(after, "\n")
		v, _ := strconv.ParseFloat(line, 64)
		return v
	}
	of := `{grpc_lb_locality="",grpc_target="` + target + `"`
	none, upTo100, upTo250 := value("bucket"+of+`,le="75"`), value("bucket"+of+`,le="100"`), value("bucket"+of+`,le="250"`)
	return none, upTo100 - none, upTo250 - upTo100, value("sum" + of)
}

// What gRPC's weighted_round_robin records appears with the decorator as with the
// plugin, which still gets it.
func TestWeightedRoundRobinOnARealChannel(t *testing.T) {
	t.Parallel()
	ours, theirs := prometheus.NewPedanticRegistry(), prometheus.NewPedanticRegistry()
	ours.MustRegister(metered)
	target := newTarget()
	conn := dial(t, target, plugin(t, theirs, wrrInstruments, wrrLabels, otelprometheus.WithoutScopeInfo()),
		startServer(t, 100), startServer(t, 200))
	callUntil(t, conn, func() bool {
		none, hundreds, twoHundreds, _ := weights(t, ours, target)
		return none > 0 && hundreds > 0 && twoHundreds > 0
	})
	conn.Close()

	got, want := ofWRR(t, ours, target), ofWRR(t, theirs, target)
	for deadline := time.Now().Add(20 * time.Second); got != want && time.Now().Before(deadline); {
		got, want = ofWRR(t, ours, target), ofWRR(t, theirs, target) // a last update of weights may be under way
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scrape (-OpenTelemetry +ours):\n%s", diff)
	}
	if _, hundreds, twoHundreds, sum := weights(t, ours, target); sum != 100*hundreds+200*twoHundreds {
		t.Errorf("the sum of the weights is %v, want that of %v times 100 and %v times 200", sum, hundreds, twoHundreds)
	}
	for _, series := range []string{
		`grpc_lb_wrr_rr_fallback_total{grpc_lb_locality="",grpc_target="` + target + `"} `,
		`grpc_lb_wrr_endpoint_weight_not_yet_usable_total{grpc_lb_locality="",grpc_target="` + target + `"} `,
		`grpc_lb_wrr_endpoint_weights_bucket{grpc_lb_locality="",grpc_target="` + target + `",le="250"} `,
	} {
		if !strings.Contains(got, series) {
			t.Errorf("no series %s in\n%s", series, got)
		}
	}
}

// One registry may have both: the exporter's series are told apart by its scope.
func TestBesideOpenTelemetrysExporterInOneRegistry(t *testing.T) {
	t.Parallel()
	both := prometheus.NewPedanticRegistry()
	both.MustRegister(metered)
	target := newTarget()
	conn := dial(t, target, plugin(t, both, wrrInstruments, wrrLabels), startServer(t, 100))
	callUntil(t, conn, func() bool {
		scrape := ofWRR(t, both, target)
		ours := strings.Contains(scrape, `rr_fallback_total{grpc_lb_locality="",grpc_target="`+target+`"} `)
		return ours && strings.Contains(scrape, `rr_fallback_total{grpc_lb_locality="",grpc_target="`+target+`",otel_scope_name="grpc-go"`)
	})
}
