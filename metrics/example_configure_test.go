package metrics_test

import (
	"fmt"
	"log"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Policies that a blank import has registered report to Default. Its options are
// set before the first channel is made.
func init() {
	if err := metrics.ConfigureDefault(metrics.WithRetention(10*time.Minute), metrics.WithMaxBackends(1000)); err != nil {
		log.Fatal(err)
	}
}

func ExampleConfigureDefault() {
	// This is the second time, so that it is refused.
	fmt.Println(metrics.ConfigureDefault(metrics.WithLatency()))
	// Output: metrics: configure default: it is configured already; give all options in one call
}
