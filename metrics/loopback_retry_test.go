package metrics_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// Servers close their connections all the time, under load. gRPC must pick again for
// RPCs that wait for a stream on a connection when it closes.
func TestAttemptsThatGRPCDoesAgainAreRepicks(t *testing.T) {
	t.Parallel()
	age := grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: 20 * time.Millisecond})
	var servers []*server
	for range 2 {
		servers = append(servers, startServer(t, age, grpc.MaxConcurrentStreams(2)))
	}
	a := newAudit()
	c := newClientWith(t, []grpc.DialOption{grpc.WithStatsHandler(a)}, withLatency("metered_round_robin"), servers...)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var load sync.WaitGroup
	for range 20 {
		load.Go(func() {
			for a.retried() < 50 && ctx.Err() == nil {
				if got := c.invoke(t.Context(), grpc.WaitForReady(true)); got != codes.OK {
					t.Errorf("RPC: %v", got)
					return
				}
			}
		})
	}
	load.Wait()
	if n := a.retried(); n < 50 {
		t.Fatalf("attempts that gRPC repeated by itself = %v, want 50: the test is meaningless", n)
	}
	a.check(t, c)
	got := c.scrape(t)
	if measured, all := got.sum("rpc_attempt_duration_seconds_count"), got.sum("rpc_attempts_total"); measured != all {
		t.Errorf("RPCs measured = %v, want all of %v and no repick", measured, all)
	}
}

// One RPC has the only stream of a connection, and others wait for a stream, when
// the server sends GOAWAY or cuts the connection.
func TestRPCsThatWaitForAStreamArePickedAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		stop func(*grpc.Server)
		want codes.Code // the code of the RPC that has the stream
	}{
		{"GOAWAY", (*grpc.Server).GracefulStop, codes.Canceled}, // the test cancels it
		{"connection cut", (*grpc.Server).Stop, codes.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			testPickedAgain(t, tt.stop, tt.want)
		})
	}
}

func testPickedAgain(t *testing.T, stop func(*grpc.Server), want codes.Code) {
	const waiting = 5
	var arrived atomic.Bool
	notice := grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
		arrived.Store(true)
		return handle(srv, stream)
	})
	first, second := startServer(t, grpc.MaxConcurrentStreams(1), notice), startServer(t)
	a := newAudit()
	c := newClientWith(t, []grpc.DialOption{grpc.WithStatsHandler(a)}, withLatency("metered_pick_first"), first)
	cancel, ended := c.openStream(t)
	// A stream that has not arrived when the server stops is opened again on the second. And
	// had the channel known the second from the start, it might have connected to it first.
	eventually(t, "the stream has arrived at the server", arrived.Load)
	c.resolver.UpdateState(listing(first, second))
	var rpcs sync.WaitGroup
	for range waiting {
		rpcs.Go(func() {
			if got := c.invoke(t.Context(), grpc.WaitForReady(true)); got != codes.OK {
				t.Errorf("RPC: %v", got)
			}
		})
	}
	eventually(t, "all RPCs wait for the stream", func() bool { return c.scrape(t).sum("rpc_attempts_in_flight") == 1+waiting })
	rpcs.Go(func() { stop(first.grpc()) })
	eventually(t, "all RPCs have been picked for the other server", func() bool {
		return c.scrape(t).nonzero()["rpc_attempts_total "+second.addr+" OK"] == waiting
	})
	if want == codes.Canceled {
		cancel()
	}
	if got := ended(); got != want {
		t.Errorf("the RPC that had the stream ended with %v, want %v", got, want)
	}
	rpcs.Wait()
	if n := a.retried(); n < waiting {
		t.Errorf("attempts that gRPC did again by itself = %v, want %d or more", n, waiting)
	}
	a.check(t, c)
	series := "rpc_attempts_total " + first.addr + " " + grpcstatus.Name(want)
	if n := c.scrape(t).nonzero()[series]; n != 1 {
		t.Errorf("%s = %v, want 1", series, n)
	}
}

// openStream opens a stream that stays open until it is canceled or breaks. ended
// waits for its end and returns the code.
func (c *client) openStream(t *testing.T) (cancel func(), ended func() codes.Code) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	stream, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/test/0", grpc.WaitForReady(true))
	if err != nil {
		t.Fatalf("new stream: %v", err)
	}
	return cancel, func() codes.Code { return status.Code(stream.RecvMsg(new(emptypb.Empty))) }
}

// failingCreds are per-RPC credentials that always fail.
type failingCreds struct{ err error }

func (c failingCreds) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return nil, c.err
}
func (failingCreds) RequireTransportSecurity() bool { return false }

// Here nothing is sent either, but gRPC does not pick again.
func TestAttemptsThatFailBeforeSendingCountForTheirCallers(t *testing.T) {
	t.Parallel()
	plain, unavailable := errors.New("plain"), status.Error(codes.Unavailable, "no token server")
	tests := []struct {
		name   string
		server []grpc.ServerOption
		dial   []grpc.DialOption
		call   []grpc.CallOption
		want   codes.Code
	}{
		{"credentials of the channel", nil, []grpc.DialOption{grpc.WithPerRPCCredentials(failingCreds{plain})}, nil, codes.Unauthenticated},
		{"credentials of the channel, Unavailable", nil, []grpc.DialOption{grpc.WithPerRPCCredentials(failingCreds{unavailable})}, nil, codes.Unavailable},
		{"credentials of the call", nil, nil, []grpc.CallOption{grpc.PerRPCCredentials(failingCreds{plain})}, codes.Internal},
		{"credentials of the call, Unavailable", nil, nil, []grpc.CallOption{grpc.PerRPCCredentials(failingCreds{unavailable})}, codes.Unavailable},
		{"header list too large", []grpc.ServerOption{grpc.MaxHeaderListSize(50)}, nil, nil, codes.Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAudit()
			c := newClientWith(t, append(tt.dial, grpc.WithStatsHandler(a)), withLatency("metered_round_robin"), startServer(t, tt.server...))
			for range 3 {
				if got := c.invoke(t.Context(), append(tt.call, grpc.WaitForReady(true))...); got != tt.want {
					t.Errorf("RPC: %v, want %v", got, tt.want)
				}
			}
			if sent := a.last; len(sent) != 3 {
				t.Errorf("RPCs = %d, want 3", len(sent))
			}
			a.check(t, c)
			if n := c.scrape(t).sum("repicks_total"); n != 0 {
				t.Errorf("repicks = %v, want 0", n)
			}
		})
	}
}

// An RPC whose caller gives up while it waits for a stream counts with its own code.
func TestAttemptsThatEndBeforeSendingCountForTheirCallers(t *testing.T) {
	t.Parallel()
	c := newClient(t, withLatency("metered_round_robin"), startServer(t, grpc.MaxConcurrentStreams(1)))
	cancelStream, ended := c.openStream(t)
	counted := func(code codes.Code) float64 {
		return c.scrape(t).of(func(p point) bool { return p.extra == grpcstatus.Name(code) }).sum("rpc_attempts_total")
	}

	ctx, cancel := context.WithCancel(t.Context())
	var rpc sync.WaitGroup
	rpc.Go(func() {
		if got := c.invoke(ctx); got != codes.Canceled {
			t.Errorf("RPC: %v, want Canceled", got)
		}
	})
	eventually(t, "the RPC waits for the stream", func() bool { return c.scrape(t).sum("rpc_attempts_in_flight") == 2 })
	cancel()
	rpc.Wait()
	if n := counted(codes.Canceled); n != 1 {
		t.Errorf("RPCs that were canceled = %v, want 1", n)
	}

	// The deadline may also pass before the pick.
	eventually(t, "a deadline has passed after the pick", func() bool {
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if got := c.invoke(short); got != codes.DeadlineExceeded {
			t.Fatalf("RPC: %v, want DeadlineExceeded", got)
		}
		return counted(codes.DeadlineExceeded) == 1
	})
	cancelStream()
	if got := ended(); got != codes.Canceled {
		t.Errorf("stream ended with %v, want Canceled", got)
	}
	got := c.scrape(t)
	got.checkLaws(t)
	if n, all := got.sum("repicks_total"), got.sum("rpc_attempts_total"); n != 0 || all != 3 {
		t.Errorf("repicks = %v, RPCs = %v, want 0 and 3 with the stream", n, all)
	}
}
