package metrics

import (
	"encoding/json"
	"strings"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

var logger = grpclog.Component("balancer2")

// configField is the field of a policy's config that may be for the decorator.
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
	own, rest, found := b.cutSettings(js)
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

// cutSettings takes the decorator's part out of a config, if it has one. A field
// of the same name may be the policy's own. One that takes no config has none, and
// whatever is there was meant for the decorator.
func (b *builder) cutSettings(js json.RawMessage) (own, rest json.RawMessage, found bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(js, &fields) != nil {
		return nil, nil, false // for the policy to complain about
	}
	own, found = fields[configField]
	_, takesConfig := b.Builder.(balancer.ConfigParser)
	if !found || takesConfig && !isSettings(own) {
		return nil, nil, false
	}
	delete(fields, configField)
	rest, _ = json.Marshal(fields) // what was decoded can be encoded
	return own, rest, true
}

// isSettings tells settings from what else a field of that name may hold, by the
// names of the fields in it. That their values are right is another question.
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
