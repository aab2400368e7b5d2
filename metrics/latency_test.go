package metrics_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

var success = balancer.DoneInfo{BytesSent: true, BytesReceived: true}

// durations returns the histograms of grpc_lb_rpc_attempt_duration_seconds by backend.
func durations(t *testing.T, m *metrics.Metrics) map[string]*dto.Histogram {
	t.Helper()
	return histograms(t, m, "rpc_attempt_duration_seconds")
}

func TestDurationIsFromPickToEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithLatency())
		s, cc, _ := metered(t, m)
		a, b := s.connect(t, "a:1"), s.connect(t, "b:1")
		var heard int
		rpc := func(sc balancer.SubConn, took time.Duration, info balancer.DoneInfo, own func(balancer.DoneInfo)) {
			t.Helper()
			s.publish(balancer.PickResult{SubConn: sc, Done: own}, nil)
			res, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: t.Context()})
			if err != nil {
				t.Fatalf("Pick: %v", err)
			}
			time.Sleep(took)
			res.Done(info)
		}
		rpc(a, 2*time.Second, success, nil)
		rpc(a, 3*time.Second, balancer.DoneInfo{Err: errors.New("plain")}, func(balancer.DoneInfo) { heard++ })
		rpc(a, time.Hour, balancer.DoneInfo{}, nil) // given up, so it is no RPC
		rpc(b, 100*time.Millisecond, success, nil)

		got := durations(t, m)
		if h := got["a:1"]; h.GetSampleCount() != 2 || h.GetSampleSum() != 5 {
			t.Errorf("a: %d RPCs of %v s, want 2 of 5 s", h.GetSampleCount(), h.GetSampleSum())
		}
		if h := got["b:1"]; h.GetSampleCount() != 1 || h.GetSampleSum() != .1 {
			t.Errorf("b: %d RPCs of %v s, want 1 of 0.1 s", h.GetSampleCount(), h.GetSampleSum())
		}
		if heard != 1 {
			t.Errorf("the policy's own Done was called %d times, want once", heard)
		}
		points := scrape(t, m)
		points.checkLaws(t)
		if n := points.sum("rpc_attempts_total"); n != 3 {
			t.Errorf("RPCs = %v, want 3", n)
		}
	})
}

// Prometheus servers use the native histogram if they can, and the classic buckets otherwise.
func TestDurationIsANativeHistogramWithClassicBuckets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithLatency())
		s, cc, _ := metered(t, m)
		s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
		rpc := func(took time.Duration) {
			t.Helper()
			res, err := cc.State().Picker.Pick(balancer.PickInfo{})
			if err != nil {
				t.Fatalf("Pick: %v", err)
			}
			time.Sleep(took)
			res.Done(success)
		}
		time.Sleep(time.Hour)
		rpc(5 * time.Microsecond)
		first := time.Now()
		rpc(time.Millisecond)
		rpc(3 * time.Second)
		h := durations(t, m)["a:1"]
		if h.Schema == nil || len(h.PositiveSpan) == 0 || len(h.PositiveDelta) == 0 {
			t.Errorf("no native buckets in %v", h)
		}
		if h.GetSchema() != 3 || h.GetZeroThreshold() != 1.0/(1<<17) || h.GetZeroCount() != 1 {
			t.Errorf("schema %d and %d up to %v s, want 3 and 1 up to 2^-17 s", h.GetSchema(), h.GetZeroCount(), h.GetZeroThreshold())
		}
		var classic []uint64
		for _, b := range h.Bucket {
			classic = append(classic, b.GetCumulativeCount())
		}
		if want := []uint64{1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3}; !slices.Equal(classic, want) {
			t.Errorf("classic buckets %v, want %v", classic, want)
		}
		if h.CreatedTimestamp == nil {
			t.Fatal("no creation time")
		}
		if got := h.CreatedTimestamp.AsTime(); !got.Equal(first) {
			t.Errorf("created at %v, want %v, when the first RPC ended", got, first)
		}
	})
}

func TestLatencyIsSwitchedByConfigAndOption(t *testing.T) {
	t.Parallel()
	const on, off = `{"balancer2Metrics": {"latency": true}}`, `{"balancer2Metrics": {"latency": false}}`
	tests := []struct {
		name    string
		opts    []metrics.Option
		configs []string // each is an update, followed by an RPC
		want    uint64   // RPCs measured
	}{
		{"default", nil, []string{`{}`}, 0},
		{"no update yet", nil, nil, 0},
		{"config", nil, []string{on}, 1},
		{"config without the field", nil, []string{`{"balancer2Metrics": {}}`}, 0},
		{"config, off", nil, []string{off}, 0},
		{"option", []metrics.Option{metrics.WithLatency()}, []string{`{}`}, 1},
		{"option, no update yet", []metrics.Option{metrics.WithLatency()}, nil, 1},
		{"config goes before the option", []metrics.Option{metrics.WithLatency()}, []string{off}, 0},
		{"a later config", nil, []string{`{}`, on, `{}`, on, off}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := metrics.New(tt.opts...)
			s := &stub{}
			cc := balancertest.NewClientConn(t)
			p := cc.Build(m.Instrument(s))
			// The picker stays the same: the switch does not need a new one.
			s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
			cc.SubConn("a:1").Ready()
			rpc := func() {
				if _, err := cc.RPC(nil); err != nil {
					t.Fatalf("RPC: %v", err)
				}
			}
			for _, config := range tt.configs {
				if err := p.UpdateWithConfig(config); err != nil {
					t.Fatalf("update: %v", err)
				}
				rpc()
			}
			if tt.configs == nil {
				rpc()
			}
			if got := durations(t, m)["a:1"].GetSampleCount(); got != tt.want {
				t.Errorf("RPCs measured = %d, want %d", got, tt.want)
			}
			if _, there := durations(t, m)["a:1"]; there != (tt.want > 0) {
				t.Errorf("there is a histogram: %v, want one once an RPC is measured", there)
			}
		})
	}
}

func TestHistogramGoesWithItsBackend(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithLatency(), metrics.WithRetention(0))
	s, cc, _ := metered(t, m)
	sc := s.connect(t, "a:1")
	s.publish(balancer.PickResult{SubConn: sc}, nil)
	rpc := func() {
		t.Helper()
		res, err := cc.State().Picker.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatalf("Pick: %v", err)
		}
		res.Done(success)
	}
	rpc()
	sc.Shutdown()
	if got := durations(t, m); len(got) != 0 {
		t.Errorf("histograms after the last SubConn: %v, want none", got)
	}
	rpc() // through a picker that was replaced
	s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
	rpc()
	if n := durations(t, m)["a:1"].GetSampleCount(); n != 1 {
		t.Errorf("RPCs in the backend's next life = %d, want 1", n)
	}
}

// gRPC calls Done once. A caller that does not must not crash the process. Not
// parallel: the record is already in the pool, where another test would take it.
func TestDoneCalledTwiceCountsOnce(t *testing.T) {
	m := metrics.New(metrics.WithLatency(), metrics.WithExemplars(func(context.Context) prometheus.Labels {
		t.Error("asked for the exemplar of an RPC without a context")
		return nil
	}))
	s, cc, _ := metered(t, m)
	s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
	res, err := cc.State().Picker.Pick(balancer.PickInfo{})
	if err != nil {
		t.Fatalf("Pick: %v", err)
	}
	res.Done(success)
	res.Done(success)
	if n := scrape(t, m).sum("rpc_attempts_total"); n != 1 {
		t.Errorf("RPCs = %v, want 1", n)
	}
}
