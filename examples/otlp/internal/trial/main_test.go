package trial_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/policy"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/trial"
	"github.com/grpc-balancer2/balancer2/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry has the metrics of round_robin2. The series of a trial go when it ends, so
// that the next ones do not export them too.
var registry = policy.Register(metrics.WithRetention(0))

// pickFirst has the metrics of gRPC's own pick_first.
var pickFirst = prometheus.NewRegistry()

func init() {
	m := metrics.New()
	pickFirst.MustRegister(m)
	balancer.Register(m.Instrument(balancer.Get(pickfirst.Name)))
}

// rpcs is how many RPCs a trial sends.
const rpcs = 90

var names atomic.Int64

// newName returns the name of a target, and so of series, that no other test has.
func newName() string { return fmt.Sprint("test-", names.Add(1)) }

// open opens a trial with a target of its own.
func open(t *testing.T, opts ...otlpmetricgrpc.Option) *trial.Trial {
	t.Helper()
	opts = append(opts, otlpmetricgrpc.WithTimeout(exampletest.Patience))
	tr, err := trial.Open(t.Context(), registry, newName(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return tr
}

// afterRPCs returns an export after RPCs that have all ended.
func afterRPCs(t *testing.T, tr *trial.Trial) trial.Export {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), exampletest.Patience)
	defer cancel()
	// The first RPC connects. The others are sent when all backends are connected, so that
	// they reach all.
	if err := tr.SendTraced(ctx, 1); err != nil {
		t.Fatal(err)
	}
	err := wait.Until(ctx, "all backends are connected", func() (bool, error) {
		all, err := tr.Gather()
		return len(all.Where(isReady)) == numBackends, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.SendTraced(ctx, rpcs-1); err != nil {
		t.Fatal(err)
	}
	e, err := tr.ExportQuiet(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func isReady(s points.Series, p points.Point) bool {
	return s.Family == "grpc_lb_ready_subchannels" && p.Value == 1
}
