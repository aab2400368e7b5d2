// Package scenario puts the same load on the same servers under each policy.
package scenario

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
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/view"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// World is a channel with one policy, and its servers.
type World struct {
	policies.Setup
	Target  string // as the label grpc_target has it
	Servers []*backend.Server

	conn   *grpc.ClientConn
	client echo.EchoClient
}

// A killed server is back soon, so that gRPC's second between attempts would be
// most of what there is to see.
var reconnect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.2, MaxDelay: 200 * time.Millisecond},
	MinConnectTimeout: 5 * time.Second,
}

// Open starts the servers and makes the channel. The name makes the target, and
// with it the series, the channel's own.
func Open(s policies.Setup, name string, latency bool) (*World, error) {
	w := &World{Setup: s, Target: "anypolicy:///" + name}
	var state resolver.State
	for _, kind := range backend.Three {
		server, err := backend.Start(kind)
		if err != nil {
			return nil, errors.Join(err, w.Close())
		}
		w.Servers = append(w.Servers, server)
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: server.Addr}}})
	}
	r := manual.NewBuilderWithScheme("anypolicy")
	r.InitialState(state)
	conn, err := grpc.NewClient(w.Target,
		grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(reconnect),
		grpc.WithDefaultServiceConfig(s.ServiceConfig(latency)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make channel with %s: %w", s.Name, err), w.Close())
	}
	w.conn, w.client = conn, echo.NewEchoClient(conn)
	return w, nil
}

// Close closes the channel and stops the servers.
func (w *World) Close() error {
	var errs []error
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	for _, server := range w.Servers {
		errs = append(errs, server.Kill())
	}
	return errors.Join(errs...)
}

// Call sends an RPC in a user's name and returns the address of the server that
// answered. While there is no connection it waits for one.
func (w *World) Call(ctx context.Context, user int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, policies.UserHeader, fmt.Sprint("user-", user))
	answer, err := w.client.UnaryEcho(ctx, new(echo.EchoRequest), grpc.WaitForReady(true))
	return answer.GetMessage(), err
}

// Seen reads what the metrics say of the policy in this channel.
func (w *World) Seen() (view.Policy, error) {
	return view.Read(policies.Registry, w.Policy, w.Target)
}

// Children reads what they say of the policy's children.
func (w *World) Children() (view.Policy, error) {
	return view.Read(policies.Registry, policies.PickFirst.Policy, w.Target)
}

// Loaded returns the server that has more to do than the others.
func (w *World) Loaded() *backend.Server {
	for _, server := range w.Servers {
		if server.Loaded() {
			return server
		}
	}
	panic("anypolicy: none of the servers is loaded")
}
