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

	"github.com/grpc-balancer2/balancer2/metrics"
)

// registration is what a call of InstrumentRegistered returned.
type registration struct {
	metered []string
	err     error
	after   map[string]balancer.Builder // what was registered then
}

// There is no retention, so that the series do not pile up in repeated runs.
var (
	meter, registry           = newMetrics()
	otherMeter, otherRegistry = newMetrics()

	first, second registration // of two equal calls
)

func newMetrics() (*metrics.Metrics, *prometheus.Registry) {
	m, r := metrics.New(metrics.WithRetention(0)), prometheus.NewRegistry()
	r.MustRegister(m)
	return m, r
}

// The policies of this test are registered before InstrumentRegistered is called, and
// one of them again after that.
func init() {
	for _, name := range []string{"named", "unnamed", "registered_again"} {
		balancer.Register(leaderAware{name})
	}
	balancer.Register(refusing{})
	balancer.Register(meter.InstrumentAs("explicit", balancer.Get("round_robin")))

	for _, r := range []*registration{&first, &second} {
		r.metered, r.err = meter.InstrumentRegistered("named", "missing", "refusing", "explicit", "registered_again", "round_robin", "also_missing")
		r.after = map[string]balancer.Builder{}
		for _, name := range r.metered {
			r.after[name] = balancer.Get(name)
		}
	}
	if _, err := otherMeter.InstrumentRegistered("named"); err != nil {
		panic(err)
	}
	balancer.Register(leaderAware{"registered_again"})
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
