package metrics_test

import (
	"context"
	"maps"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// audit is a stats handler that counts gRPC's attempts by how they ended. It counts
// apart those that gRPC repeated by itself because nothing had been sent.
type audit struct {
	mu    sync.Mutex
	last  map[<-chan struct{}]*attemptStats // the last attempt of each RPC
	ended map[codes.Code]float64
	again float64 // attempts that gRPC repeated by itself, with nothing sent
}

type attemptStats struct {
	sent bool
	code codes.Code
}

func newAudit() *audit {
	return &audit{last: make(map[<-chan struct{}]*attemptStats), ended: make(map[codes.Code]float64)}
}

func (*audit) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*audit) HandleConn(context.Context, stats.ConnStats)                       {}
func (*audit) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }

func (a *audit) HandleRPC(ctx context.Context, s stats.RPCStats) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch s := s.(type) {
	case *stats.Begin:
		if before := a.last[ctx.Done()]; s.IsTransparentRetryAttempt && !before.sent {
			a.ended[before.code]--
			a.again++
		}
		a.last[ctx.Done()] = &attemptStats{}
	case *stats.OutHeader:
		a.last[ctx.Done()].sent = true
	case *stats.End:
		code := status.Code(s.Error)
		a.last[ctx.Done()].code = code
		a.ended[code]++
	}
}

func (a *audit) retried() float64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.again
}

// check compares the metrics with what gRPC reports. No RPC must be in flight.
func (a *audit) check(t *testing.T, c *client) {
	t.Helper()
	got := c.scrape(t)
	got.checkLaws(t)
	a.mu.Lock()
	defer a.mu.Unlock()
	want := make(map[string]float64)
	for code, n := range a.ended {
		want[grpcstatus.Name(code)] = n
	}
	maps.DeleteFunc(want, func(_ string, n float64) bool { return n == 0 })
	ended := make(map[string]float64)
	for _, p := range got {
		if p.name == "rpc_attempts_total" && p.value > 0 {
			ended[p.extra] += p.value
		}
	}
	if diff := cmp.Diff(want, ended); diff != "" {
		t.Errorf("RPC attempts by code (-gRPC says +metrics):\n%s", diff)
	}
	repicks := got.sum("repicks_total")
	if repicks < a.again {
		t.Errorf("repicks = %v, want at least the %v attempts that gRPC repeated", repicks, a.again)
	}
	mismatched := got.of(func(p point) bool { return p.name == "pick_delay_duration_seconds_count" && p.extra == whyMismatch })
	if n, most := mismatched.sum("pick_delay_duration_seconds_count"), repicks-a.again; n > most {
		t.Errorf("waits after a pick of a lost connection = %v, want at most %v: gRPC repeats the others at once", n, most)
	}
	if n := got.sum("rpc_attempts_in_flight"); n != 0 {
		t.Errorf("in flight = %v, want 0", n)
	}
}
