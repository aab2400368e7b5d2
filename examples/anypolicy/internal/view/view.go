// Package view reads from a Prometheus registry what this example shows.
package view

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Backend is what the metrics say of one backend.
type Backend struct {
	Picks, Repicks, InFlight, Ready int
	Disconnections                  int
	Codes                           map[string]int // RPC attempts finished
	Timed                           int            // RPC attempts in the latency histogram
	Seconds                         float64        // that these took
}

// Finished is the number of RPC attempts finished, whatever their code.
func (b Backend) Finished() int {
	n := 0
	for _, of := range b.Codes {
		n += of
	}
	return n
}

// Policy is what they say of one policy, for one target.
type Policy struct {
	Backends    map[string]*Backend
	Subchannels map[string]int // by connectivity state
	Channels    int            // instances of the policy
	Delayed     int
}

// Picks is the number of picks of all backends.
func (p Policy) Picks() int {
	n := 0
	for _, b := range p.Backends {
		n += b.Picks
	}
	return n
}

// Read reads the series of a policy and target.
func Read(from prometheus.Gatherer, policy, target string) (Policy, error) {
	families, err := from.Gather()
	if err != nil {
		return Policy{}, fmt.Errorf("read metrics: %w", err)
	}
	p := Policy{Backends: map[string]*Backend{}, Subchannels: map[string]int{}}
	for _, family := range families {
		for _, series := range family.GetMetric() {
			if Label(series, "grpc_lb_policy") == policy && Label(series, "grpc_target") == target {
				p.add(family.GetName(), series)
			}
		}
	}
	return p, nil
}

func (p *Policy) add(name string, series *dto.Metric) {
	addr := Label(series, "grpc_lb_backend")
	if addr != "" {
		p.addBackend(addr, name, series)
		return
	}
	n := int(series.GetCounter().GetValue() + series.GetGauge().GetValue())
	switch name {
	case "grpc_lb_subchannels":
		p.Subchannels[Label(series, "grpc_connectivity_state")] = n
	case "grpc_lb_channels":
		p.Channels = n
	case "grpc_lb_picks_delayed_total":
		p.Delayed = n
	}
}

func (p *Policy) addBackend(addr, name string, series *dto.Metric) {
	b := p.Backends[addr]
	if b == nil {
		b = &Backend{Codes: map[string]int{}}
		p.Backends[addr] = b
	}
	n := int(series.GetCounter().GetValue() + series.GetGauge().GetValue())
	switch name {
	case "grpc_lb_picks_total":
		b.Picks = n
	case "grpc_lb_repicks_total":
		b.Repicks = n
	case "grpc_lb_rpcs_total":
		b.Codes[Label(series, "grpc_code")] = n
	case "grpc_lb_rpcs_in_flight":
		b.InFlight = n
	case "grpc_lb_backend_ready":
		b.Ready = n
	case "grpc_lb_disconnections_total":
		b.Disconnections = n
	case "grpc_lb_rpc_duration_seconds":
		b.Timed = int(series.GetHistogram().GetSampleCount())
		b.Seconds = series.GetHistogram().GetSampleSum()
	}
}

// Label returns the value of a label, or nothing.
func Label(series *dto.Metric, name string) string {
	for _, pair := range series.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}
