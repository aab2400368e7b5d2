package compose_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

var errBroken = status.Error(codes.Unavailable, "broken")

// server is a gRPC server on a loopback port for the examples.
type server struct {
	healthpb.UnimplementedHealthServer
	name     string
	locality locality
	addr     string
	failing  atomic.Pointer[error] // the answer to all RPCs, if it is not nil

	grpc *grpc.Server
}

func newServer(name string, failing error) *server {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	s := &server{name: name, addr: lis.Addr().String(), grpc: grpc.NewServer()}
	s.failing.Store(&failing)
	healthpb.RegisterHealthServer(s.grpc, s)
	go func() { _ = s.grpc.Serve(lis) }()
	return s
}

// Check answers with the name of the server and the metadata that it got.
func (s *server) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	_ = grpc.SetHeader(ctx, metadata.Pairs(append([]string{"server", s.name}, pairs(md["added"])...)...))
	return &healthpb.HealthCheckResponse{}, *s.failing.Load()
}

func pairs(added []string) (kv []string) {
	for _, value := range added {
		kv = append(kv, "added", value)
	}
	return kv
}

var channels atomic.Int32

// newScheme returns the scheme of a new channel's target.
func newScheme() string { return fmt.Sprintf("example%d", channels.Add(1)) }

// dial makes a channel to the servers, with a policy that is registered. stop ends all.
func dial(policy string, servers ...*server) (conn *grpc.ClientConn, stop func()) {
	return dialScheme(newScheme(), policy, servers...)
}

func dialScheme(scheme, policy string, servers ...*server) (conn *grpc.ClientConn, stop func()) {
	r := manual.NewBuilderWithScheme(scheme)
	var s resolver.State
	for _, srv := range servers {
		s.Endpoints = append(s.Endpoints, balancertest.WithAttribute(balancertest.Endpoint(srv.addr), localityKey{}, srv.locality))
	}
	r.InitialState(s)
	conn, err := grpc.NewClient(scheme+":///servers", grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(lbconfig.ServiceConfig(policy)))
	if err != nil {
		log.Fatal(err)
	}
	return conn, func() {
		_ = conn.Close()
		for _, srv := range servers {
			srv.grpc.Stop()
		}
	}
}

// call sends an RPC and returns the name of the server.
func call(conn *grpc.ClientConn, opts ...grpc.CallOption) (string, error) {
	header, err := callHeader(conn, opts...)
	if err != nil {
		return "", err
	}
	return header.Get("server")[0], nil
}

func callHeader(conn *grpc.ClientConn, opts ...grpc.CallOption) (metadata.MD, error) {
	var header metadata.MD
	_, err := healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{}, append(opts, grpc.Header(&header))...)
	return header, err
}
