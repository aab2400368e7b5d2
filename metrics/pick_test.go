package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// nilStatusError is an error whose GRPCStatus returns nil.
type nilStatusError struct{ error }

func (nilStatusError) GRPCStatus() *status.Status { return nil }

func TestDoneCountsTheEndOfAPick(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	tests := []struct {
		name string
		info balancer.DoneInfo
		want string
	}{
		{"no transport", balancer.DoneInfo{}, "repicks_total a:1"},
		{"success", balancer.DoneInfo{BytesSent: true, BytesReceived: true}, "rpc_attempts_total a:1 OK"},
		{"success of a fake", balancer.DoneInfo{BytesSent: true}, "rpc_attempts_total a:1 OK"},
		{"broken stream, no error", balancer.DoneInfo{BytesSent: true, Trailer: metadata.MD{}}, "rpc_attempts_total a:1 UNAVAILABLE"},
		{"status", balancer.DoneInfo{Err: status.Error(codes.NotFound, ""), BytesSent: true}, "rpc_attempts_total a:1 NOT_FOUND"},
		{"status, nothing sent", balancer.DoneInfo{Err: status.Error(codes.Unavailable, "")}, "rpc_attempts_total a:1 UNAVAILABLE"},
		{"connection closes", balancer.DoneInfo{Err: status.Error(codes.Unavailable, "the connection is draining")}, "repicks_total a:1"},
		{"connection has closed", balancer.DoneInfo{Err: status.Error(codes.Unavailable, "transport is closing")}, "repicks_total a:1"},
		{"connection closes after sending", balancer.DoneInfo{Err: status.Error(codes.Unavailable, "the connection is draining"), BytesSent: true}, "rpc_attempts_total a:1 UNAVAILABLE"},
		{"connection closes, by another code", balancer.DoneInfo{Err: status.Error(codes.Canceled, "transport is closing")}, "rpc_attempts_total a:1 CANCELLED"},
		{"canceled before sending", balancer.DoneInfo{Err: status.Error(codes.Canceled, "context canceled")}, "rpc_attempts_total a:1 CANCELLED"},
		{"expired before sending", balancer.DoneInfo{Err: status.Error(codes.DeadlineExceeded, "context deadline exceeded")}, "rpc_attempts_total a:1 DEADLINE_EXCEEDED"},
		{"wrapped status", balancer.DoneInfo{Err: fmt.Errorf("x: %w", status.Error(codes.Aborted, "")), BytesSent: true}, "rpc_attempts_total a:1 ABORTED"},
		{"highest code", balancer.DoneInfo{Err: status.Error(codes.Unauthenticated, "")}, "rpc_attempts_total a:1 UNAUTHENTICATED"},
		{"code beyond gRPC's", balancer.DoneInfo{Err: status.Error(17, "")}, "rpc_attempts_total a:1 UNKNOWN"},
		{"status that is nil", balancer.DoneInfo{Err: nilStatusError{plain}}, "rpc_attempts_total a:1 UNKNOWN"},
		{"context canceled", balancer.DoneInfo{Err: context.Canceled}, "rpc_attempts_total a:1 CANCELLED"},
		{"context expired", balancer.DoneInfo{Err: fmt.Errorf("x: %w", context.DeadlineExceeded)}, "rpc_attempts_total a:1 DEADLINE_EXCEEDED"},
		{"plain error", balancer.DoneInfo{Err: plain, BytesSent: true}, "rpc_attempts_total a:1 UNKNOWN"},
	}
	for _, tt := range tests {
		for _, ownDone := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, own Done %v", tt.name, ownDone), func(t *testing.T) {
				t.Parallel()
				m := metrics.New()
				s, cc, _ := metered(t, m)
				var heard []balancer.DoneInfo
				res := balancer.PickResult{SubConn: s.connect(t, "a:1")}
				if ownDone {
					res.Done = func(info balancer.DoneInfo) { heard = append(heard, info) }
				}
				s.publish(res, nil)

				got, err := cc.State().Picker.Pick(balancer.PickInfo{})
				if err != nil {
					t.Fatalf("Pick: %v", err)
				}
				want := map[string]float64{"picks_total a:1": 1, "rpc_attempts_in_flight a:1": 1, "subchannels IDLE": 1, "picker_updates_total": 1, "policy_instances": 1}
				if diff := cmp.Diff(want, scrape(t, m).nonzero()); diff != "" {
					t.Errorf("after Pick (-want +got):\n%s", diff)
				}

				got.Done(tt.info)
				delete(want, "rpc_attempts_in_flight a:1")
				want[tt.want] = 1
				if diff := cmp.Diff(want, scrape(t, m).nonzero()); diff != "" {
					t.Errorf("after Done (-want +got):\n%s", diff)
				}
				if ownDone && (len(heard) != 1 || heard[0].Err != tt.info.Err || heard[0].BytesSent != tt.info.BytesSent) {
					t.Errorf("the policy's Done heard %v, want %v once", heard, tt.info)
				}
			})
		}
	}
}

func TestPickErrorsPassAndAreCounted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want string
		wait bool // the RPC has not ended: it waits, or would if it were wait-for-ready
	}{
		{"queue", balancer.ErrNoSubConnAvailable, "picks_delayed_total", true},
		{"wrapped queue, which gRPC takes for an error", fmt.Errorf("x: %w", balancer.ErrNoSubConnAvailable), "picks_failed_total", true},
		{"status", status.Error(codes.PermissionDenied, "drop"), "picks_failed_total", false},
		{"plain error", errors.New("all down"), "picks_failed_total", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := metrics.New()
			s, cc, _ := metered(t, m)
			s.publish(balancer.PickResult{}, tt.err)
			for range 2 {
				if _, err := cc.Pick(); err != tt.err {
					t.Errorf("Pick: %v, want %v itself", err, tt.err)
				}
			}
			want := map[string]float64{tt.want: 2, "picker_updates_total": 1, "policy_instances": 1}
			if tt.wait {
				want["rpc_attempts_waiting"] = 1
			}
			if diff := cmp.Diff(want, scrape(t, m).nonzero()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPickHandsOutGRPCsSubConnAndKeepsMetadata(t *testing.T) {
	t.Parallel()
	s, cc, _ := metered(t, metrics.New())
	s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1"), Metadata: metadata.Pairs("k", "v")}, nil)
	res, err := cc.State().Picker.Pick(balancer.PickInfo{})
	if err != nil {
		t.Fatalf("Pick: %v", err)
	}
	if want := cc.SubConn("a:1"); res.SubConn != balancer.SubConn(want) {
		t.Errorf("SubConn is %v, want the channel's own %v", res.SubConn, want)
	}
	if got := res.Metadata.Get("k"); len(got) != 1 || got[0] != "v" {
		t.Errorf("metadata k is %q, want v", got)
	}
}

func TestPickLeavesForeignSubConnsAlone(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	other, _, _ := metered(t, metrics.New())
	foreign := map[string]balancer.SubConn{
		"none":                      nil,
		"unknown type":              &balancertest.SubConn{},
		"of another metered policy": other.connect(t, "b:1"),
	}
	for name, sc := range foreign {
		s, cc, _ := metered(t, m)
		s.publish(balancer.PickResult{SubConn: sc}, nil)
		res, err := cc.State().Picker.Pick(balancer.PickInfo{})
		if err != nil || res.SubConn != sc || res.Done != nil {
			t.Errorf("%s: Pick gave %v, %v, want the policy's result untouched", name, res, err)
		}
	}
	if got := scrape(t, m).sum("picks_total"); got != 0 {
		t.Errorf("picks = %v, want 0", got)
	}
}

func TestNilPickerStaysNil(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	s, cc, _ := metered(t, m)
	s.cc.UpdateState(balancer.State{})
	if p := cc.State().Picker; p != nil {
		t.Errorf("picker is %v, want nil", p)
	}
	if got := scrape(t, m).sum("picker_updates_total"); got != 0 {
		t.Errorf("picker updates = %v, want 0", got)
	}
}
