package trial

import (
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
)

// Export is one export.
type Export struct {
	Requests   []*collector.ExportMetricsServiceRequest
	Arrived    points.Points // of the trial's target
	Registry   points.Points // of the same target, in the registry at that moment; set by ExportQuiet
	OfExporter points.Points // what has arrived of the channel that the exporter sends on
}

// Bytes is the size of the requests, uncompressed.
func (e Export) Bytes() int {
	n := 0
	for _, request := range e.Requests {
		n += proto.Size(request)
	}
	return n
}

// Resource returns the attributes of the sender.
func (e Export) Resource() map[string]string {
	attributes := make(map[string]string)
	for _, request := range e.Requests {
		for _, sent := range request.GetResourceMetrics() {
			for _, kv := range sent.GetResource().GetAttributes() {
				attributes[kv.GetKey()] = kv.GetValue().GetStringValue()
			}
		}
	}
	return attributes
}

// Scopes returns the names of the instrumentation scopes, each once.
func (e Export) Scopes() map[string]bool {
	scopes := make(map[string]bool)
	for _, request := range e.Requests {
		for _, sent := range request.GetResourceMetrics() {
			for _, scope := range sent.GetScopeMetrics() {
				scopes[scope.GetScope().GetName()] = true
			}
		}
	}
	return scopes
}
