package scenario

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// Retention is how long the series of a pod that is gone stay. It is short here,
// to be seen; with a real Prometheus leave the default, five minutes.
const Retention = 2 * time.Second

var (
	meter    = metrics.New(metrics.WithRetention(Retention))
	registry = prometheus.NewPedanticRegistry()
)

func init() {
	registry.MustRegister(meter)
	balancer.Register(meter.Instrument(roundrobin2.NewBuilder()))
}

// Backend is what the metrics say of one pod.
type Backend struct {
	Policy         string
	Picks, OK      float64
	Ready          bool
	Lost           float64 // connections
	FailedAttempts float64 // to connect
}

// Backends scrapes what the metrics say of a target, by address.
func Backends(target string) (map[string]Backend, error) {
	families, err := registry.Gather()
	if err != nil {
		return nil, err
	}
	backends := map[string]Backend{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := labelsOf(metric)
			addr, ok := labels["grpc_lb_backend"]
			if !ok || labels["grpc_target"] != target {
				continue
			}
			b := backends[addr]
			b.Policy = labels["grpc_lb_policy"]
			b.add(family.GetName(), labels, metric)
			backends[addr] = b
		}
	}
	return backends, nil
}

func (b *Backend) add(name string, labels map[string]string, metric *dto.Metric) {
	switch name {
	case "grpc_lb_picks_total":
		b.Picks = metric.GetCounter().GetValue()
	case "grpc_lb_rpcs_total":
		if labels["grpc_code"] == "OK" {
			b.OK = metric.GetCounter().GetValue()
		}
	case "grpc_lb_backend_ready":
		b.Ready = metric.GetGauge().GetValue() > 0
	case "grpc_lb_disconnections_total":
		b.Lost = metric.GetCounter().GetValue()
	case "grpc_lb_connection_attempts_total":
		if labels["result"] == "failure" {
			b.FailedAttempts = metric.GetCounter().GetValue()
		}
	}
}

func labelsOf(metric *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, pair := range metric.GetLabel() {
		labels[pair.GetName()] = pair.GetValue()
	}
	return labels
}

// ready returns the addresses of those that are READY, in order.
func ready(backends map[string]Backend) []string {
	var addrs []string
	for _, addr := range slices.Sorted(maps.Keys(backends)) {
		if backends[addr].Ready {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}
