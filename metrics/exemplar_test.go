package metrics_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

type traceKey struct{}

func TestExemplars(t *testing.T) {
	t.Parallel()
	byTrace := func(ctx context.Context) prometheus.Labels {
		id, _ := ctx.Value(traceKey{}).(prometheus.Labels)
		return id
	}
	tests := []struct {
		name   string
		labels prometheus.Labels
		want   string
	}{
		{"a trace", prometheus.Labels{"trace_id": "4bf92f35"}, "trace_id=4bf92f35"},
		{"none", nil, ""},
		{"empty", prometheus.Labels{}, ""},
		{"too long", prometheus.Labels{"trace_id": strings.Repeat("x", 200)}, ""},
		{"not UTF-8", prometheus.Labels{"trace_id": "\xff"}, ""},
		{"bad name", prometheus.Labels{"\xff": "x"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := metrics.New(metrics.WithLatency(), metrics.WithExemplars(byTrace))
			s, cc, _ := metered(t, m)
			s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
			res, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: context.WithValue(t.Context(), traceKey{}, tt.labels)})
			if err != nil {
				t.Fatalf("Pick: %v", err)
			}
			res.Done(success)

			h := durations(t, m)["a:1"]
			if h.GetSampleCount() != 1 {
				t.Errorf("RPCs = %d, want 1", h.GetSampleCount())
			}
			var got string
			for _, bucket := range h.Bucket {
				for _, l := range bucket.GetExemplar().GetLabel() {
					got += l.GetName() + "=" + l.GetValue()
				}
			}
			if got != tt.want {
				t.Errorf("exemplar %q, want %q", got, tt.want)
			}
		})
	}
}

// An exemplar says how long its RPC took, and when it ended.
func TestAnExemplarIsOfTheEndOfItsRPC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithLatency(), metrics.WithExemplars(func(context.Context) prometheus.Labels {
			return prometheus.Labels{"trace_id": "1"}
		}))
		s, cc, _ := metered(t, m)
		s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
		res, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: t.Context()})
		if err != nil {
			t.Fatalf("Pick: %v", err)
		}
		time.Sleep(3 * time.Second)
		res.Done(success)
		ended := time.Now()
		time.Sleep(time.Minute)
		all := durations(t, m)["a:1"].GetExemplars()
		if len(all) != 1 {
			t.Fatalf("exemplars %v, want one", all)
		}
		if e := all[0]; e.GetValue() != 3 || !e.Timestamp.AsTime().Equal(ended) {
			t.Errorf("%v s at %v, want 3 s at %v", e.GetValue(), e.Timestamp.AsTime(), ended)
		}
	})
}

// Not parallel: it reads the log.
func TestABadExemplarIsLoggedOnce(t *testing.T) {
	m := metrics.New(metrics.WithLatency(), metrics.WithExemplars(func(context.Context) prometheus.Labels {
		return prometheus.Labels{"trace_id": strings.Repeat("x", 200)}
	}))
	s, cc, _ := metered(t, m)
	s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
	log := logged(func() {
		for range 3 {
			res, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: t.Context()})
			if err != nil {
				t.Fatalf("Pick: %v", err)
			}
			res.Done(success)
		}
	})
	const want = "metrics: attach exemplar: exemplar labels have 208 runes, exceeding the limit of 128; fix the function given to WithExemplars"
	if strings.Count(log, "\n") != 1 || !strings.Contains(log, want) {
		t.Errorf("log %q, want %q, once", log, want)
	}
}
