package metrics_test

import (
	"fmt"
	"log"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Policies of this module that a blank import registers report to Default. Set its
// options before the first channel is made.
func init() {
	if err := metrics.ConfigureDefault(metrics.WithRetention(10*time.Minute), metrics.WithMaxBackends(1000)); err != nil {
		log.Fatal(err)
	}
}

func ExampleConfigureDefault() {
	// This is the second call, so it returns an error.
	fmt.Println(metrics.ConfigureDefault(metrics.WithLatency()))
	// Output: metrics: configure default: it is configured already; give all options in one call
}
