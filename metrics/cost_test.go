package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// rotation is about the cheapest picker possible.
type rotation struct {
	subConns []balancer.SubConn
	next     atomic.Uint64
	done     func(balancer.DoneInfo)
}

func (r *rotation) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	i := r.next.Add(1) % uint64(len(r.subConns))
	return balancer.PickResult{SubConn: r.subConns[i], Done: r.done}, nil
}

// newRotation returns a rotation over n SubConns, and the metered picker that gRPC
// gets in its place.
func newRotation(tb testing.TB, m *metrics.Metrics, n int, done func(balancer.DoneInfo)) (bare *rotation, instrumented balancer.Picker) {
	tb.Helper()
	s, cc, p := metered(tb, m)
	tb.Cleanup(p.Close)
	bare = &rotation{done: done}
	for i := range n {
		bare.subConns = append(bare.subConns, s.connect(tb, fmt.Sprintf("10.0.%d.%d:443", i/256, i%256)))
	}
	s.cc.UpdateState(balancer.State{Picker: bare})
	return bare, cc.State().Picker
}

func TestPickAndDoneDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	statusErr := status.Error(codes.NotFound, "")
	infos := map[string]balancer.DoneInfo{
		"success":        {BytesSent: true, BytesReceived: true},
		"broken stream":  {BytesSent: true, Trailer: metadata.MD{}},
		"no transport":   {},
		"draining":       {Err: status.Error(codes.Unavailable, "the connection is draining")},
		"status":         {Err: statusErr, BytesSent: true},
		"wrapped status": {Err: fmt.Errorf("x: %w", statusErr), BytesSent: true},
		"unknown code":   {Err: status.Error(99, ""), BytesSent: true},
		"canceled":       {Err: context.Canceled, BytesSent: true},
		"expired":        {Err: context.DeadlineExceeded, BytesSent: true},
		"plain error":    {Err: errors.New("plain"), BytesSent: true},
	}
	dones := map[string]func(balancer.DoneInfo){"no Done": nil, "own Done": func(balancer.DoneInfo) {}}
	opts := map[string][]metrics.Option{"default": nil, "latency": {metrics.WithLatency()}}
	for doneName, done := range dones {
		for optsName, opts := range opts {
			_, picker := newRotation(t, metrics.New(opts...), 3, done)
			for infoName, info := range infos {
				n := testing.AllocsPerRun(1000, func() {
					res, err := picker.Pick(balancer.PickInfo{Ctx: t.Context()})
					if err != nil {
						t.Fatalf("Pick: %v", err)
					}
					res.Done(info)
				})
				if n != 0 {
					t.Errorf("%s, %s, %s: %v allocations, want 0", optsName, doneName, infoName, n)
				}
			}
		}
	}
}

// A context has a Done channel once it is asked for. gRPC asks when the RPC waits.
func TestAPickThatIsRefusedAllocatesOnlyADoneChannel(t *testing.T) {
	for name, err := range map[string]error{"queued": balancer.ErrNoSubConnAvailable, "failed": errors.New("all down")} {
		s, cc, p := metered(t, metrics.New())
		defer p.Close()
		s.publish(balancer.PickResult{}, err)
		allocations := func(use func(context.Context)) float64 {
			return testing.AllocsPerRun(1000, func() {
				ctx, cancel := context.WithCancel(t.Context())
				use(ctx)
				cancel() // as gRPC does at the end of the RPC
			})
		}
		bare := allocations(func(ctx context.Context) { ctx.Done() })
		refused := allocations(func(ctx context.Context) {
			if _, got := cc.State().Picker.Pick(balancer.PickInfo{Ctx: ctx}); got != err {
				t.Fatalf("Pick: %v, want %v", got, err)
			}
		})
		if refused != bare {
			t.Errorf("%s: %v allocations, want the %v of a context with a Done channel", name, refused, bare)
		}
	}
}

// Go aligns objects of 64 bytes to cache lines. With 32-bit words a SubConn is
// smaller, and some lie across two lines.
func TestASubConnTakesOneCacheLine(t *testing.T) {
	t.Parallel()
	want := uintptr(64)
	if strconv.IntSize == 32 {
		want = 40
	}
	if metrics.SubConnSize != want {
		t.Errorf("a SubConn takes %d bytes, want %d", metrics.SubConnSize, want)
	}
}

// Not parallel: it looks at the heap.
func TestMemoryReturnsToItsLevel(t *testing.T) {
	tests := []struct {
		name string
		n    int
		use  func(t *testing.T, m *metrics.Metrics, i int)
	}{
		{"backends", 300_000, func() func(*testing.T, *metrics.Metrics, int) {
			cc, s := &looseConn{}, &stub{}
			return func(t *testing.T, m *metrics.Metrics, i int) {
				if s.cc == nil {
					m.Instrument(s).Build(cc, balancer.BuildOptions{})
				}
				sc := s.connect(t, fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255))
				s.publish(balancer.PickResult{SubConn: sc}, nil)
				if i%100 == 0 { // a histogram is ten times as large as the rest
					res, err := cc.picker.Pick(balancer.PickInfo{})
					if err != nil {
						t.Fatalf("Pick: %v", err)
					}
					res.Done(success)
				}
				sc.Shutdown()
				cc.made = nil
				time.Sleep(3 * time.Millisecond) // 100,000 backends per retention
			}
		}()},
		{"targets", 10_000, func(_ *testing.T, m *metrics.Metrics, i int) {
			target := resolver.Target{URL: url.URL{Scheme: "test", Path: fmt.Sprint("/", i)}}
			m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{Target: target}).Close()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if raceEnabled {
					tt.n = min(tt.n, 100_000) // as many are retained at the end
				}
				m := metrics.New(metrics.WithMaxTargets(0), metrics.WithMaxBackends(0), metrics.WithLatency())
				tt.use(t, m, 0)
				before := heapSize()
				for i := range tt.n {
					tt.use(t, m, i)
				}
				if got := heapSize() - before; got < 10<<20 {
					t.Errorf("the retained ones of %d records hold %d bytes, too few for a meaningful test", tt.n, got)
				}
				time.Sleep(5 * time.Minute)
				wantBackends(t, m)
				if got := heapSize() - before; got > 2<<20 {
					t.Errorf("%d bytes more than before %d records came and went, want less than 2 MiB", got, tt.n)
				}
				runtime.KeepAlive(m)
			})
		})
	}
}

// heapSize returns the size in bytes of what is reachable on the heap.
func heapSize() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // a sync.Pool keeps objects over one collection
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
