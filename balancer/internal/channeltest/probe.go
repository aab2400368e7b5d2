package channeltest

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// ProbeService is the service that clients call. It uses the messages of the health
// service under another name, so that tests can also watch a server's real health
// service, or leave it out.
const ProbeService = "test.Probe"

// Probe answers RPCs and remembers the :authority of the last one.
type Probe struct {
	healthpb.UnimplementedHealthServer

	OnCall func(context.Context) error // decides the RPC's error; if nil, RPCs succeed

	mu        sync.Mutex
	authority []string // of the last RPC
}

// Register makes a server answer RPCs to ProbeService.
func (p *Probe) Register(srv *grpc.Server) {
	desc := healthpb.Health_ServiceDesc
	desc.ServiceName = ProbeService
	srv.RegisterService(&desc, p)
}

// Check answers an RPC.
func (p *Probe) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	p.mu.Lock()
	p.authority = md.Get(":authority")
	p.mu.Unlock()
	if p.OnCall != nil {
		if err := p.OnCall(ctx); err != nil {
			return nil, err
		}
	}
	return &healthpb.HealthCheckResponse{}, nil
}

// LastAuthority returns the :authority of the last RPC.
func (p *Probe) LastAuthority() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.authority, " and ")
}

// Health is a server's health service. It counts its watchers.
type Health struct {
	*health.Server

	Watches atomic.Int32
}

// Watch implements the health service.
func (h *Health) Watch(req *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	h.Watches.Add(1)
	return h.Server.Watch(req, stream)
}
