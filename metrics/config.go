package metrics

import (
	"encoding/json"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

var logger = grpclog.Component("balancer2")

// configField is the field of a policy's config that is for the decorator.
const configField = "metrics"

// settings are the decorator's part of a policy's config.
type settings struct {
	// Latency measures grpc_lb_rpc_duration_seconds in this channel, or does
	// not. If it is absent, WithLatency decides.
	Latency *bool `json:"latency,omitempty"`
}

// config is what a policy's config with a part for the decorator becomes.
// Without such a part the policy's own is not wrapped, in case a parent policy
// wants to see it.
type config struct {
	serviceconfig.LoadBalancingConfig
	settings settings
	policy   serviceconfig.LoadBalancingConfig // nil if the policy takes none
}

// MarshalJSON is for gRPC's log lines, which show the configs of policies.
func (c *config) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{configField: c.settings, "policy": c.policy})
}

// ParseConfig implements [balancer.ConfigParser].
func (b *builder) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	own, rest, found := cutSettings(js)
	if !found {
		return b.parsePolicyConfig(js)
	}
	if _, nested := b.Builder.(*builder); nested {
		rest = js // the settings are for each of them
	}
	s, err := lbconfig.Parse[settings](b.name+": "+configField, own)
	if err != nil {
		return nil, err
	}
	inner, err := b.parsePolicyConfig(rest)
	if err != nil {
		return nil, err
	}
	return &config{settings: s, policy: inner}, nil
}

// parsePolicyConfig lets the policy parse its part. For one that takes no
// config it does what gRPC does.
func (b *builder) parsePolicyConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	if parser, ok := b.Builder.(balancer.ConfigParser); ok {
		return parser.ParseConfig(js)
	}
	if string(js) != "{}" {
		logger.Warningf("%s: parse config: ignoring %s: the policy takes no config", b.name, js)
	}
	return nil, nil
}

// cutSettings takes the decorator's part out of a config.
func cutSettings(js json.RawMessage) (own, rest json.RawMessage, found bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(js, &fields) != nil {
		return nil, nil, false // for the policy to complain about
	}
	if own, found = fields[configField]; !found {
		return nil, nil, false
	}
	delete(fields, configField)
	rest, _ = json.Marshal(fields) // what was decoded can be encoded
	return own, rest, true
}

// configure puts the config of a resolver update into effect and returns the
// update as the policy is to see it.
func (c *channel) configure(s balancer.ClientConnState) balancer.ClientConnState {
	timed := c.metrics.latency
	if cfg, ok := s.BalancerConfig.(*config); ok {
		s.BalancerConfig = cfg.policy
		if cfg.settings.Latency != nil {
			timed = *cfg.settings.Latency
		}
	}
	c.timed.Store(timed)
	return s
}
