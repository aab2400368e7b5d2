// Package trial compares policies: it sends the same load to the same kind of servers
// with each policy, and reads the metrics.
package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// Trial is a channel with one policy, and its servers.
type Trial struct {
	policies.Setup
	Target  string // the label grpc_target
	Servers []*backend.Server

	conn   *grpc.ClientConn
	client echo.EchoClient
}

// A killed server returns soon. By default gRPC waits a second between attempts, and the
// example would mostly wait.
var reconnect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.2, MaxDelay: 200 * time.Millisecond},
	MinConnectTimeout: 5 * time.Second,
}

// Open starts the servers and makes the channel. Trials with different names have
// different targets, and so different series.
func Open(s policies.Setup, name string, latency bool) (*Trial, error) {
	tr := &Trial{Setup: s, Target: "anypolicy:///" + name}
	var state resolver.State
	for _, kind := range backend.Three {
		server, err := backend.Start(kind)
		if err != nil {
			return nil, errors.Join(err, tr.Close())
		}
		tr.Servers = append(tr.Servers, server)
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: server.Addr}}})
	}
	r := manual.NewBuilderWithScheme("anypolicy")
	r.InitialState(state)
	conn, err := grpc.NewClient(tr.Target,
		grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(reconnect),
		grpc.WithDefaultServiceConfig(s.ServiceConfig(latency)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make channel with %s: %w", s.Name, err), tr.Close())
	}
	tr.conn, tr.client = conn, echo.NewEchoClient(conn)
	return tr, nil
}

// Close closes the channel and stops the servers.
func (tr *Trial) Close() error {
	var errs []error
	if tr.conn != nil {
		errs = append(errs, tr.conn.Close())
	}
	for _, server := range tr.Servers {
		errs = append(errs, server.Kill())
	}
	return errors.Join(errs...)
}

// Call sends an RPC for a user and returns the address of the server that answered. The
// RPC is wait-for-ready.
func (tr *Trial) Call(ctx context.Context, user int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, policies.UserHeader, fmt.Sprint("user-", user))
	answer, err := tr.client.UnaryEcho(ctx, new(echo.EchoRequest), grpc.WaitForReady(true))
	return answer.GetMessage(), err
}

// Series reads the series of the policy.
func (tr *Trial) Series() (series.Policy, error) {
	return series.ReadPolicy(policies.Registry, tr.Target, tr.Policy)
}

// ChildSeries reads the series of the policy's children.
func (tr *Trial) ChildSeries() (series.Policy, error) {
	return series.ReadPolicy(policies.Registry, tr.Target, policies.PickFirst.Policy)
}

// Loaded returns the busiest server.
func (tr *Trial) Loaded() *backend.Server {
	for _, server := range tr.Servers {
		if server.Loaded() {
			return server
		}
	}
	panic("anypolicy: none of the servers is loaded")
}
