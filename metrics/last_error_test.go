package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// lastRPCErrorAfter makes RPCs on the only backend end as given, with a pause after each,
// and returns the last error that the page shows.
func lastRPCErrorAfter(t *testing.T, m *metrics.Metrics, pause time.Duration, ends ...balancer.DoneInfo) livestatus.RPCError {
	t.Helper()
	s, cc := &stub{}, &looseConn{}
	m.Instrument(s).Build(cc, balancer.BuildOptions{})
	s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
	for _, end := range ends {
		res, err := cc.picker.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatal(err)
		}
		res.Done(end)
		time.Sleep(pause)
	}
	return only(t, m).Backends[0].LastRPCError
}

func TestTheLastRPCErrorOfABackend(t *testing.T) {
	t.Parallel()
	failed := func(err error) balancer.DoneInfo { return balancer.DoneInfo{Err: err, BytesSent: true} }
	long := strings.Repeat("x", 1000)
	for _, tt := range []struct {
		name string
		ends []balancer.DoneInfo
		want string // code, text and how many seconds ago; "" for none
	}{
		{"success", []balancer.DoneInfo{success}, ""},
		{"given up", []balancer.DoneInfo{{}}, ""},
		{"status", []balancer.DoneInfo{failed(status.Error(codes.Internal, "disk full")), success}, "Internal disk full 2s"},
		{"wrapped", []balancer.DoneInfo{failed(fmt.Errorf("call: %w", status.Error(codes.NotFound, "no row")))}, "NotFound no row 1s"},
		{"the last counts", []balancer.DoneInfo{failed(status.Error(codes.Internal, "a")), failed(status.Error(codes.Internal, "b"))}, "Internal b 1s"},
		{"no status", []balancer.DoneInfo{failed(context.DeadlineExceeded)}, "DeadlineExceeded context deadline exceeded 1s"},
		{"plain", []balancer.DoneInfo{failed(errors.New("plain"))}, "Unknown plain 1s"},
		{"broken", []balancer.DoneInfo{{BytesSent: true, Trailer: metadata.MD{}}}, "Unavailable the stream broke while the request was being sent 1s"},
		{"long", []balancer.DoneInfo{failed(status.Error(codes.Internal, long))}, "Internal " + long[:256] + "… 1s"},
	} {
		for asked, opts := range map[bool][]metrics.Option{true: {metrics.WithLastRPCErrors()}, false: nil} {
			synctest.Test(t, func(t *testing.T) {
				e := lastRPCErrorAfter(t, metrics.New(opts...), time.Second, tt.ends...)
				got := ""
				if !e.At.IsZero() {
					got = fmt.Sprintf("%v %s %v", e.Code, e.Text, time.Since(e.At))
				}
				want := tt.want
				if !asked {
					want = ""
				}
				if got != want {
					t.Errorf("%s, asked for %v: %q, want %q", tt.name, asked, got, want)
				}
			})
		}
	}
}

// A backend that answers only errors must not make RPCs slower.
func TestOfManyRPCErrorsOnlySomeAreKept(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	m := metrics.New(metrics.WithLastRPCErrors())
	_, picker := newRotation(t, m, 1, nil)
	info := balancer.DoneInfo{Err: status.Error(codes.Internal, "disk full"), BytesSent: true}
	n := testing.AllocsPerRun(1000, func() {
		res, err := picker.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatal(err)
		}
		res.Done(info)
	})
	if n != 0 {
		t.Errorf("%v allocations per failed attempt, want 0", n)
	}
}

func TestAnotherCodeIsKeptAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := lastRPCErrorAfter(t, metrics.New(metrics.WithLastRPCErrors()), time.Millisecond,
			balancer.DoneInfo{Err: status.Error(codes.Internal, "a"), BytesSent: true},
			balancer.DoneInfo{Err: status.Error(codes.Internal, "b"), BytesSent: true},
			balancer.DoneInfo{Err: status.Error(codes.NotFound, "c"), BytesSent: true},
			balancer.DoneInfo{Err: status.Error(codes.NotFound, "d"), BytesSent: true})
		if got.Code != codes.NotFound || got.Text != "c" {
			t.Errorf("kept %+v, want c", got)
		}
	})
}
