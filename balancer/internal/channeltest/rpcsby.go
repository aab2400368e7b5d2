package channeltest

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
)

// RPCsBy returns how many RPC attempts on the channel were counted, by the values of
// a label such as grpc_lb_policy. No RPC may be in flight. The result has each value
// that any series of the channel's target has, some with 0 attempts.
func RPCsBy(t testing.TB, label string, from prometheus.Gatherer, conn *grpc.ClientConn) map[string]float64 {
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
			if value, ok := labels[label]; ok && labels["grpc_target"] == conn.CanonicalTarget() {
				rpcs[value] += sign[f.GetName()] * series.GetCounter().GetValue()
			}
		}
	}
	return rpcs
}
