package metrics_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Metrics in a separate registry.
func ExampleNew() {
	registry := prometheus.NewRegistry()
	lb := metrics.New()
	registry.MustRegister(lb)

	policy := base.NewBalancerBuilder("my_policy", nil, base.Config{}) // instead of nil: your base.PickerBuilder
	metered := lb.Instrument(policy)
	// In an init function: balancer.Register(metered)
	fmt.Println(metered.Name())

	metricsPage := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer metricsPage.Close()
	resp, err := http.Get(metricsPage.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	http.DefaultClient.CloseIdleConnections()
	fmt.Println(resp.Status)
	// Output:
	// my_policy
	// 200 OK
}

// If Prometheus scrapes every 15 s, a retention of one minute is enough for it to
// see the last values of a backend.
func ExampleWithRetention() {
	lb := metrics.New(metrics.WithRetention(time.Minute))
	fmt.Println(lb.Instrument(balancer.Get("pick_first")).Name())
	// Output: pick_first
}
