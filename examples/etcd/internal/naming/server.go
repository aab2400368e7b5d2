package naming

import (
	"context"
	"fmt"
	"net"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthserver "google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
)

const (
	service  = "services/health"
	leaseTTL = 3 // seconds; etcd grants no less than an election takes
)

// server is a gRPC server that registers in etcd.
type server struct {
	name    string // as in its certificate
	address string // NAME:PORT, what it registers
	serving *serving.Server

	etcd  *clientv3.Client
	lease clientv3.LeaseID
	renew context.CancelFunc // ends the lease's renewal
	ended <-chan struct{}    // closed when the renewal has ended
}

// startServer starts a health-check server with the certificate for the name.
func startServer(etcd *clientv3.Client, name string) (*server, error) {
	config, err := certs.Embedded().ServerConfig(name)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve as %s: %w", name, err)
	}
	health := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)))
	healthpb.RegisterHealthServer(health, healthserver.NewServer())
	return &server{
		name:    name,
		address: fmt.Sprintf("%s:%d", name, listener.Addr().(*net.TCPAddr).Port),
		serving: serving.Start(health, listener),
		etcd:    etcd,
	}, nil
}

// register registers the server in etcd, with a lease.
func (s *server) register(ctx context.Context) error {
	lease, err := s.etcd.Grant(ctx, leaseTTL)
	if err != nil {
		return fmt.Errorf("get a lease for %s: %w", s.address, err)
	}
	manager, err := endpoints.NewManager(s.etcd, service)
	if err != nil {
		return fmt.Errorf("register %s: %w", s.address, err)
	}
	key := service + "/" + s.name
	if err := manager.AddEndpoint(ctx, key, endpoints.Endpoint{Addr: s.address}, clientv3.WithLease(lease.ID)); err != nil {
		return fmt.Errorf("register %s: %w", s.address, err)
	}
	// The renewal continues after this call.
	renewal, stop := context.WithCancel(context.WithoutCancel(ctx))
	answers, err := s.etcd.KeepAlive(renewal, lease.ID)
	if err != nil {
		stop()
		return fmt.Errorf("keep the lease of %s: %w", s.address, err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range answers { // etcd's client logs a warning if they are not read
		}
	}()
	s.lease, s.renew, s.ended = lease.ID, stop, ended
	return nil
}

// stopRenewal stops renewing the lease, as when a server hangs or dies.
func (s *server) stopRenewal() {
	if s.renew == nil {
		return
	}
	s.renew()
	<-s.ended
	s.renew = nil
}

// revoke ends the lease, as a server does on a graceful shutdown.
func (s *server) revoke(ctx context.Context) error {
	s.stopRenewal()
	if _, err := s.etcd.Revoke(ctx, s.lease); err != nil {
		return fmt.Errorf("revoke the lease of %s: %w", s.address, err)
	}
	return nil
}

// close stops the server. Its lease, if any, expires.
func (s *server) close() {
	s.stopRenewal()
	_ = s.serving.Stop() // clients see if it failed before
}
