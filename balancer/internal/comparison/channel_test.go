package comparison_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// channel is a channel of one variant.
type channel struct {
	meter
	name   string
	target string
	client healthpb.HealthClient
	sent   int // number of RPCs
}

var targets atomic.Int64

func (f *fixture) newChannel(tb testing.TB, v variant, addresses []resolver.Address) *channel {
	// The requests carry the target, so all targets have the same length.
	c := &channel{name: v.name, target: fmt.Sprintf("comparison:///%06d", targets.Add(1))}
	c.meter = v.meter(tb, f)
	r := manual.NewBuilderWithScheme("comparison")
	r.InitialState(resolver.State{Addresses: addresses})
	conn, err := grpc.NewClient(c.target, append(c.options, grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [`+v.policy+`]}`))...)
	if err != nil {
		tb.Fatalf("make channel of %s: %v", v.name, err)
	}
	f.closers = append(f.closers, func() { _ = conn.Close() })
	c.client = healthpb.NewHealthClient(conn)
	return c
}

var request healthpb.HealthCheckRequest

// send makes callers send RPCs concurrently, each one after another.
func (c *channel) send(ctx context.Context, callers, each int) error {
	c.sent += callers * each
	if callers == 1 {
		return c.call(ctx, each)
	}
	errs := make([]error, callers)
	var calling sync.WaitGroup
	for i := range callers {
		calling.Go(func() { errs[i] = c.call(ctx, each) })
	}
	calling.Wait()
	return errors.Join(errs...)
}

func (c *channel) call(ctx context.Context, n int) error {
	for range n {
		if _, err := c.client.Check(ctx, &request); err != nil {
			return fmt.Errorf("%s: RPC: %w", c.name, err)
		}
	}
	return nil
}

// shares sends RPCs and returns how many each server answered.
func (c *channel) shares(ctx context.Context, tb testing.TB, n int) map[string]int {
	tb.Helper()
	shares := map[string]int{}
	for range n {
		var p peer.Peer
		if _, err := c.client.Check(ctx, &request, grpc.Peer(&p)); err != nil {
			tb.Fatalf("%s: RPC: %v", c.name, err)
		}
		shares[p.Addr.String()]++
	}
	c.sent += n
	return shares
}

// useAllServers sends RPCs until each server gets its share. It fails the test if that
// does not happen.
func (c *channel) useAllServers(tb testing.TB) {
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Second)
	defer cancel()
	for {
		if len(c.shares(ctx, tb, servers)) == servers {
			return
		}
	}
}
