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
	balancer.Register(handOver{})
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

// counted returns how many RPC attempts to the client's target were counted, by
// policy. Policies with other series of the target are in it, too.
func counted(t *testing.T, c *channeltest.Client, from prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatalf("gather metrics: %v", err)
	}
	sign := map[string]float64{"grpc_lb_picks_total": 1, "grpc_lb_repicks_total": -1}
	rpcs := map[string]float64{}
	for _, f := range families {
		for _, series := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range series.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["grpc_target"] == c.Conn.CanonicalTarget() {
				rpcs[labels["grpc_lb_policy"]] += sign[f.GetName()] * series.GetCounter().GetValue()
			}
		}
	}
	return rpcs
}
