package scenario

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Counts are the series of one backend, at one moment or over a time.
type Counts struct {
	Ready          int // at the end
	Attempts       int // to connect, that ended
	Disconnections int
	Picks          int
	Repicks        int
	OK             int
	Unavailable    int
	OtherCodes     int
	InFlight       int // at the end
	Timed          int // RPCs in the histogram of latency
}

// since returns what was counted after the earlier moment.
func (c Counts) since(earlier Counts) Counts {
	c.Attempts -= earlier.Attempts
	c.Disconnections -= earlier.Disconnections
	c.Picks -= earlier.Picks
	c.Repicks -= earlier.Repicks
	c.OK -= earlier.OK
	c.Unavailable -= earlier.Unavailable
	c.OtherCodes -= earlier.OtherCodes
	c.Timed -= earlier.Timed
	return c
}

// Ended is how many RPCs ended.
func (c Counts) Ended() int { return c.OK + c.Unavailable + c.OtherCodes }

// View is the grpc_lb_* series of a target and policy.
type View struct {
	Backends map[string]Counts // by address
	Channels int               // instances of the policy
	Failed   int               // picks answered with an error
}

func (v View) ended() int {
	var n int
	for _, c := range v.Backends {
		n += c.Ended()
	}
	return n
}

// gather reads the series of the target and policy.
func gather(from prometheus.Gatherer, target, policy string) (View, error) {
	families, err := from.Gather()
	if err != nil {
		return View{}, fmt.Errorf("gather metrics: %w", err)
	}
	view := View{Backends: make(map[string]Counts)}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := make(map[string]string)
			for _, pair := range m.GetLabel() {
				labels[pair.GetName()] = pair.GetValue()
			}
			if labels["grpc_target"] == target && labels["grpc_lb_policy"] == policy {
				view.add(family.GetName(), labels, m)
			}
		}
	}
	return view, nil
}

func (v *View) add(name string, labels map[string]string, m *dto.Metric) {
	n := int(m.GetCounter().GetValue() + m.GetGauge().GetValue())
	switch name {
	case "grpc_lb_channels":
		v.Channels = n
		return
	case "grpc_lb_picks_failed_total":
		v.Failed = n
		return
	}
	addr, ok := labels["grpc_lb_backend"]
	if !ok {
		return
	}
	c := v.Backends[addr]
	switch name {
	case "grpc_lb_backend_ready":
		c.Ready = n
	case "grpc_lb_connection_attempts_total":
		c.Attempts += n
	case "grpc_lb_disconnections_total":
		c.Disconnections = n
	case "grpc_lb_picks_total":
		c.Picks = n
	case "grpc_lb_repicks_total":
		c.Repicks = n
	case "grpc_lb_rpcs_in_flight":
		c.InFlight = n
	case "grpc_lb_rpc_duration_seconds":
		c.Timed = int(m.GetHistogram().GetSampleCount())
	case "grpc_lb_rpcs_total":
		c.addCode(labels["grpc_code"], n)
	}
	v.Backends[addr] = c
}

func (c *Counts) addCode(code string, n int) {
	switch code {
	case "OK":
		c.OK += n
	case "Unavailable":
		c.Unavailable += n
	default:
		c.OtherCodes += n
	}
}
