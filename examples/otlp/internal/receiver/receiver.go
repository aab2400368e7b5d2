// Package receiver is an OTLP receiver for metrics, as an OpenTelemetry Collector has
// one. It keeps what it gets.
package receiver

import (
	"context"
	"fmt"
	"net"
	"sync"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
)

// Receiver serves OTLP over gRPC, without TLS.
type Receiver struct {
	collector.UnimplementedMetricsServiceServer
	Addr string

	serving *serving.Server

	mu       sync.Mutex
	requests []*collector.ExportMetricsServiceRequest // guarded by mu
}

// Start starts a receiver on a free port of 127.0.0.1.
func Start(opts ...grpc.ServerOption) (*Receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("receiver: start server: %w", err)
	}
	r := &Receiver{Addr: listener.Addr().String()}
	server := grpc.NewServer(opts...)
	collector.RegisterMetricsServiceServer(server, r)
	r.serving = serving.Start(server, listener)
	return r, nil
}

// Stop stops the receiver. It may be called again.
func (r *Receiver) Stop() error { return r.serving.Stop() }

// Export implements the OTLP service.
func (r *Receiver) Export(_ context.Context, request *collector.ExportMetricsServiceRequest) (*collector.ExportMetricsServiceResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request)
	return &collector.ExportMetricsServiceResponse{}, nil
}

// Take returns the requests that came since the last call. One export may be several
// requests.
func (r *Receiver) Take() []*collector.ExportMetricsServiceRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	requests := r.requests
	r.requests = nil
	return requests
}
