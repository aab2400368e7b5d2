package metrics

import (
	"encoding/json"
	"strings"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/serviceconfig"
)

var logger = grpclog.Component("balancer2")

// configField is the field of a policy's config that may hold settings.
const configField = "balancer2Metrics"

// settings are the decorator's part of a policy's config.
type settings struct {
	// Latency says whether to measure grpc_lb_rpc_attempt_duration_seconds in this
	// channel. If it is absent, WithLatency decides.
	Latency *bool `json:"latency,omitempty"`
}

// config is a policy's config together with settings. A config without settings
// is not wrapped, because a parent policy may want to see it.
type config struct {
	serviceconfig.LoadBalancingConfig
	settings     settings
	policyConfig serviceconfig.LoadBalancingConfig // nil if the policy takes none
}

// MarshalJSON returns the JSON that the config was parsed from, if the MarshalJSON of
// the policy's own config does so. Some parents, such as xds_wrr_locality_experimental,
// marshal the config of a child and have the result parsed again.
func (c *config) MarshalJSON() ([]byte, error) {
	own, err := json.Marshal(c.policyConfig) // null if there is none
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(own, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		fields = make(map[string]json.RawMessage)
	}
	if fields[configField], err = json.Marshal(c.settings); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// cutSettings separates the settings from the rest of a policy's config. A policy
// that takes a config may have a field of the same name itself.
func cutSettings(js json.RawMessage, takesConfig bool) (part, rest json.RawMessage, found bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(js, &fields) != nil {
		return nil, nil, false // for the policy to complain about
	}
	part, found = fields[configField]
	if !found || takesConfig && !isSettings(part) {
		return nil, nil, false
	}
	delete(fields, configField)
	rest, _ = json.Marshal(fields) // what was decoded can be encoded
	return part, rest, true
}

// isSettings reports whether js is meant as settings, judging by the names of its
// fields. The values may still be wrong.
func isSettings(js json.RawMessage) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(js, &fields) != nil || fields == nil { // null
		return false
	}
	for name := range fields {
		if strings.EqualFold(name, "latency") { // as encoding/json matches
			return true
		}
	}
	return len(fields) == 0
}

// unwrapConfig returns the resolver update as the policy is to see it, and whether to
// measure latency: as its config says or, if it does not say, byDefault.
func unwrapConfig(s balancer.ClientConnState, byDefault bool) (_ balancer.ClientConnState, timed bool) {
	timed = byDefault
	if cfg, ok := s.BalancerConfig.(*config); ok {
		s.BalancerConfig = cfg.policyConfig
		if cfg.settings.Latency != nil {
			timed = *cfg.settings.Latency
		}
	}
	return s, timed
}
