package metrics_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Metrics that are gathered beside a registry, and not registered with it. With
// thousands of backends a scrape takes much less time.
func ExampleMetrics_Gather() {
	lb := metrics.New()
	// In an init function:
	// balancer.Register(lb.Instrument(policy))
	policy := base.NewBalancerBuilder("my_policy", nil, base.Config{}) // instead of nil: your base.PickerBuilder
	channel := lb.Instrument(policy).Build(nil, balancer.BuildOptions{})
	defer channel.Close()

	registry := prometheus.NewRegistry() // with the program's other metrics
	page := promhttp.HandlerFor(prometheus.Gatherers{registry, lb}, promhttp.HandlerOpts{})

	answer := httptest.NewRecorder()
	page.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	families, err := lb.Gather()
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range families {
		if f.GetName() == "grpc_lb_policy_instances" {
			fmt.Println(answer.Code, f.GetName(), f.Metric[0].Gauge.GetValue())
		}
	}
	// Output: 200 grpc_lb_policy_instances 1
}
