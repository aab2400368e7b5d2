// Package trial runs backends, a client with round_robin2, an OTLP receiver and the
// export of the client's metrics to it, and compares what arrives with the registry.
package trial

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/export"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/receiver"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// Service is the name of this program in its exports.
const Service = "otlp-example"

const numBackends = 3

// Trial is a client under observation.
type Trial struct {
	Target   string
	Receiver *receiver.Receiver
	Provider *sdkmetric.MeterProvider

	registry prometheus.Gatherer
	backends *backends
	conn     *grpc.ClientConn
}

// Open starts everything. The registry is the one that round_robin2 reports to. It may
// also have the series of other trials, which have other names. The options are for the
// exporter; Open adds those that lead it to the receiver.
func Open(ctx context.Context, registry prometheus.Gatherer, name string, opts ...otlpmetricgrpc.Option) (tr *Trial, err error) {
	tr = &Trial{Target: "otlp:///" + name, registry: registry}
	defer func() {
		if err != nil {
			err = errors.Join(err, tr.Close(ctx))
		}
	}()
	if tr.backends, err = startBackends(numBackends); err != nil {
		return tr, err
	}
	r := manual.NewBuilderWithScheme("otlp")
	r.InitialState(resolver.State{Endpoints: tr.backends.endpoints})
	tr.conn, err = grpc.NewClient(tr.Target,
		grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(roundrobin2.ServiceConfig))
	if err != nil {
		return tr, fmt.Errorf("make channel: %w", err)
	}
	return tr, tr.startExport(ctx, opts)
}

func (tr *Trial) startExport(ctx context.Context, opts []otlpmetricgrpc.Option) error {
	var err error
	if tr.Receiver, err = receiver.Start(); err != nil {
		return err
	}
	sender, err := export.Sender(ctx, Service)
	if err != nil {
		return err
	}
	opts = append(opts, otlpmetricgrpc.WithEndpoint(tr.Receiver.Addr), otlpmetricgrpc.WithInsecure())
	tr.Provider, err = export.Start(ctx, tr.registry, sender, opts...)
	return err
}

// Close exports a last time and stops everything.
func (tr *Trial) Close(ctx context.Context) error {
	var errs []error
	if tr.Provider != nil {
		errs = append(errs, tr.Provider.Shutdown(context.WithoutCancel(ctx)))
	}
	if tr.Receiver != nil {
		errs = append(errs, tr.Receiver.Stop())
	}
	if tr.conn != nil {
		errs = append(errs, tr.conn.Close())
	}
	if tr.backends != nil {
		errs = append(errs, tr.backends.stop())
	}
	return errors.Join(errs...)
}

// Send sends an RPC.
func (tr *Trial) Send(ctx context.Context) error {
	_, err := echo.NewEchoClient(tr.conn).UnaryEcho(ctx, &echo.EchoRequest{Message: "hello"}, grpc.WaitForReady(true))
	return err
}

// Gather returns what the registry has of the trial's target.
func (tr *Trial) Gather() (points.Points, error) {
	families, err := tr.registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather metrics: %w", err)
	}
	return tr.own(points.OfRegistry(families)), nil
}

func (tr *Trial) own(all points.Points) points.Points { return all.Labelled("grpc_target", tr.Target) }

// ofExporter returns the points of the channel that the exporter sends on.
func (tr *Trial) ofExporter(all points.Points) points.Points {
	return all.Labelled("grpc_target", "dns:///"+tr.Receiver.Addr)
}

// Export exports and returns what has arrived.
func (tr *Trial) Export(ctx context.Context) (Export, error) {
	tr.Receiver.Take()
	if err := tr.Provider.ForceFlush(ctx); err != nil {
		return Export{}, fmt.Errorf("export metrics: %w", err)
	}
	requests := tr.Receiver.Take()
	all := points.OfOTLP(requests)
	return Export{Requests: requests, Arrived: tr.own(all), OfExporter: tr.ofExporter(all)}, nil
}

// ExportQuiet exports at a moment when nothing changes: the registry has the same values
// before and after. Such a moment comes soon if no RPC is in flight.
func (tr *Trial) ExportQuiet(ctx context.Context) (e Export, err error) {
	err = wait.Until(ctx, "nothing changes any more", func() (bool, error) {
		before, err := tr.Gather()
		if err != nil {
			return false, err
		}
		if e, err = tr.Export(ctx); err != nil {
			return false, err
		}
		e.Registry, err = tr.Gather()
		return len(points.Diff(before, e.Registry)) == 0, err
	})
	return e, err
}
