package registered_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	_ "google.golang.org/grpc/balancer/grpclb"           // registers grpclb
	_ "google.golang.org/grpc/balancer/leastrequest"     // registers least_request_experimental
	_ "google.golang.org/grpc/balancer/randomsubsetting" // registers random_subsetting_experimental
	_ "google.golang.org/grpc/balancer/ringhash"         // registers ring_hash_experimental
	_ "google.golang.org/grpc/balancer/weightedtarget"   // registers weighted_target_experimental

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// registration is what a call of InstrumentRegistered returned.
type registration struct {
	metered []string
	err     error
}

var (
	first, second registration // the same, twice

	other         = metrics.New() // meters the same policies
	otherRegistry = prometheus.NewRegistry()
)

// The policies here are registered before those of grpc-go are metered, and one
// after it.
func init() {
	for _, name := range []string{"named", "unnamed", "registered_again"} {
		balancer.Register(leaderAware{name})
	}
	balancer.Register(channeltest.HandOver{})
	balancer.Register(metrics.Default.InstrumentAs("explicit", balancer.Get("round_robin")))

	for _, r := range []*registration{&first, &second} {
		r.metered, r.err = metrics.InstrumentRegistered("named", "missing", "explicit", "registered_again", "round_robin", "also_missing")
	}
	if _, err := other.InstrumentRegistered("named"); err != nil {
		panic(err)
	}
	otherRegistry.MustRegister(other)

	balancer.Register(leaderAware{"registered_again"})
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
