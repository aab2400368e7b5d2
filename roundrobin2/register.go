package roundrobin2

import (
	"encoding/json"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name is the name by which a service config selects the policy.
const Name = "round_robin2"

func init() {
	balancer.Register(metrics.Default.Instrument(NewBuilder()))
}

// NewBuilder returns the policy without metrics, for programs that meter it
// with a Metrics of their own.
func NewBuilder() balancer.Builder {
	newPickerBuilder := func() base.PickerBuilder { return &pickerBuilder{} }
	return builder{base2.NewBalancerBuilder(Name, newPickerBuilder, base.Config{HealthCheck: true})}
}

// builder adds the config, which has no fields yet.
type builder struct {
	balancer.Builder
}

type config struct {
	serviceconfig.LoadBalancingConfig `json:"-"`
}

// ParseConfig implements [balancer.ConfigParser].
func (builder) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	cfg, err := lbconfig.Parse[config](Name, js)
	if err != nil {
		return nil, err
	}
	return cfg, nil
}
