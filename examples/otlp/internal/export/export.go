// Package export sends the metrics of a Prometheus registry to an OTLP receiver. It
// is what a program of yours would copy.
package export

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// maxPoints is the maximum number of data points in one request. gRPC servers, such as
// OpenTelemetry Collectors, accept 4 MiB by default. That leaves 1 kB for each point,
// enough for a histogram with 160 buckets.
const maxPoints = 4000

// Start exports what the registry has, once per minute and when the returned provider
// is shut down, which the caller must do. Options say where to; those of the
// environment, such as OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_METRIC_EXPORT_INTERVAL,
// apply as well.
func Start(ctx context.Context, registry prometheus.Gatherer, sender *resource.Resource, to ...otlpmetricgrpc.Option) (*sdkmetric.MeterProvider, error) {
	exporter, err := otlpmetricgrpc.New(ctx, to...)
	if err != nil {
		return nil, fmt.Errorf("export: make OTLP exporter: %w", err)
	}
	reader := sdkmetric.NewPeriodicReader(exporter,
		sdkmetric.WithProducer(bridge.NewMetricProducer(bridge.WithGatherer(registry))),
		sdkmetric.WithMaxExportBatchSize(maxPoints))
	return sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(sender)), nil
}

// Sender describes this process: the name of its service, and an id of its own. By
// default OpenTelemetry sends no id, and then the series of all processes of the
// service are the same to the receiver. OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES override what is set here.
func Sender(ctx context.Context, service string) (*resource.Resource, error) {
	sender, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithService(), // sets a random service.instance.id
		resource.WithAttributes(semconv.ServiceName(service)),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("export: describe this process: %w", err)
	}
	return sender, nil
}
