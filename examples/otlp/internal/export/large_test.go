package export_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
)

// backends are the latency histograms of a client of that many backends, each as large
// as it gets.
type backends int

var latency = prometheus.NewDesc("latency_seconds", "Latency.", []string{"grpc_lb_backend", "grpc_lb_policy", "grpc_target"}, nil)

func (backends) Describe(ch chan<- *prometheus.Desc) { ch <- latency }

func (n backends) Collect(ch chan<- prometheus.Metric) {
	const each, buckets = 20_000, 160
	positive := make(map[int]int64)
	for i := range buckets {
		positive[i-100] = each
	}
	for i := range int(n) {
		ch <- prometheus.MustNewConstNativeHistogram(latency, each*buckets, each*buckets, positive, nil, 0, 3, 1e-10, time.Unix(1, 0),
			fmt.Sprintf("10.100.%d.%d:50051", i/250, i%250), "round_robin2", "dns:///checkout.production.svc.cluster.local:50051")
	}
}

// One request with all of it would be too large for a receiver.
func TestALargeExportGoesInParts(t *testing.T) {
	t.Parallel()
	const many = 6200
	p := start(t)
	p.registry.MustRegister(backends(many))
	if err := p.flush(t); err != nil {
		t.Fatal(err)
	}
	p.registry.Unregister(backends(many)) // the last export, at the end, need not have them
	requests := p.receiver.Take()
	arrived := make(map[string]bool)
	for metric := range points.Metrics(requests) {
		for _, point := range metric.GetExponentialHistogram().GetDataPoints() {
			arrived[point.GetAttributes()[0].GetValue().GetStringValue()] = true
		}
	}
	if len(arrived) != many || len(requests) < 2 {
		t.Errorf("%d series have arrived in %d requests, want %d in more than one", len(arrived), len(requests), many)
	}
}
