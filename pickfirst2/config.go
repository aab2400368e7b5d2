package pickfirst2

import (
	"encoding/json"
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

// config is the policy's part of a service config (gRFC A62).
type config struct {
	serviceconfig.LoadBalancingConfig `json:"-"`

	// ShuffleAddressList has the policy shuffle the endpoints of each resolver
	// update before it tries them. Default false.
	ShuffleAddressList bool `json:"shuffleAddressList"`
}

// ParseConfig implements [balancer.ConfigParser].
func (builder) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	cfg, err := lbconfig.Parse[config](Name, js)
	if err != nil {
		return nil, err
	}
	return cfg, nil
}

// configOf returns the config of a resolver update, or the default if it has none.
func configOf(s balancer.ClientConnState) (config, error) {
	if s.BalancerConfig == nil {
		return config{}, nil
	}
	cfg, ok := s.BalancerConfig.(config)
	if !ok {
		return config{}, fmt.Errorf("%s: use config: it is a %T, want what ParseConfig returns: %w",
			Name, s.BalancerConfig, balancer.ErrBadResolverState)
	}
	return cfg, nil
}
