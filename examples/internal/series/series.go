// Package series reads the grpc_lb_* series of a channel from a Prometheus registry. The
// examples use it to show and check what a dashboard would show.
package series

import (
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/codes"
)

// Policy holds the series of one policy for one target.
type Policy struct {
	Backends     map[string]Backend // by the label grpc_lb_backend
	Subchannels  map[string]int     // by connectivity state
	Instances    int                // of the policy: grpc_lb_policy_instances
	PicksDelayed int
	PicksFailed  int
}

// Backend holds the series of one backend.
type Backend struct {
	Ready          int            // subchannels READY
	Usable         int            // those of them that get picks
	Unusable       map[string]int // the others, by reason
	InFlight       int            // RPC attempts
	Picks, Repicks int
	RPCs           map[string]int // RPC attempts that ended, by status code
	Connected      int            // attempts to connect that succeeded
	FailedAttempts int            // attempts to connect that failed
	Disconnections int
	Timed          int     // RPC attempts in the latency histogram
	Seconds        float64 // that those took
}

// Read returns the series of a target, by policy. If the registry reports an error,
// the result still has the series that could be read.
func Read(from prometheus.Gatherer, target string) (map[string]Policy, error) {
	families, err := from.Gather()
	if err != nil {
		err = fmt.Errorf("gather metrics: %w", err)
	}
	policies := make(map[string]Policy)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := Label(metric, "grpc_lb_policy")
			if name == "" || Label(metric, "grpc_target") != target {
				continue
			}
			p, ok := policies[name]
			if !ok {
				p = Policy{Backends: make(map[string]Backend), Subchannels: make(map[string]int)}
			}
			p.add(family.GetName(), metric)
			policies[name] = p
		}
	}
	return policies, err
}

// ReadPolicy returns the series of one policy for a target.
func ReadPolicy(from prometheus.Gatherer, target, policy string) (Policy, error) {
	policies, err := Read(from, target)
	return policies[policy], err
}

// Label returns the value of a label of the metric, or "" if the metric does not have it.
func Label(metric *dto.Metric, name string) string {
	for _, pair := range metric.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}

// add adds one series of the family to the policy or to one of its backends.
func (p *Policy) add(family string, metric *dto.Metric) {
	if name := Label(metric, "grpc_lb_backend"); name != "" {
		b := p.Backends[name]
		b.add(family, metric)
		p.Backends[name] = b
		return
	}
	n := value(metric)
	switch family {
	case "grpc_lb_subchannels":
		p.Subchannels[Label(metric, "grpc_connectivity_state")] += n
	case "grpc_lb_policy_instances":
		p.Instances += n
	case "grpc_lb_picks_delayed_total":
		p.PicksDelayed += n
	case "grpc_lb_picks_failed_total":
		p.PicksFailed += n
	}
}

func (b *Backend) add(family string, metric *dto.Metric) {
	n := value(metric)
	switch family {
	case "grpc_lb_ready_subchannels":
		b.Ready += n
	case "grpc_lb_usable_subchannels":
		b.Usable += n
	case "grpc_lb_unusable_subchannels":
		if b.Unusable == nil {
			b.Unusable = make(map[string]int)
		}
		b.Unusable[Label(metric, "grpc_lb_unusable_reason")] += n
	case "grpc_lb_rpc_attempts_in_flight":
		b.InFlight += n
	case "grpc_lb_picks_total":
		b.Picks += n
	case "grpc_lb_repicks_total":
		b.Repicks += n
	case "grpc_lb_rpc_attempts_total":
		if b.RPCs == nil {
			b.RPCs = make(map[string]int)
		}
		b.RPCs[codeName(Label(metric, "grpc_status"))] += n
	case "grpc_lb_connection_attempts_succeeded_total":
		b.Connected += n
	case "grpc_lb_connection_attempts_failed_total":
		b.FailedAttempts += n
	case "grpc_lb_disconnections_total":
		b.Disconnections += n
	case "grpc_lb_rpc_attempt_duration_seconds":
		b.Timed += int(metric.GetHistogram().GetSampleCount())
		b.Seconds += metric.GetHistogram().GetSampleSum()
	}
}

// codeName returns the name that Go programs know a status code by, such as
// "Unavailable" for the label value "UNAVAILABLE".
func codeName(label string) string {
	var code codes.Code
	if code.UnmarshalJSON([]byte(strconv.Quote(label))) != nil {
		return label
	}
	return code.String()
}

// value returns the value of a counter or a gauge.
func value(metric *dto.Metric) int {
	return int(metric.GetCounter().GetValue() + metric.GetGauge().GetValue())
}
