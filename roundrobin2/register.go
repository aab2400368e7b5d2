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

// ServiceConfig is a service config that selects the policy, for
// [grpc.WithDefaultServiceConfig]. gRPC takes a mistyped name for another policy,
// or for none, and does not always say so.
//
// [grpc.WithDefaultServiceConfig]: https://pkg.go.dev/google.golang.org/grpc#WithDefaultServiceConfig
const ServiceConfig = `{"loadBalancingConfig": [{"` + Name + `": {}}]}`

func init() {
	balancer.Register(metrics.Default().Instrument(NewBuilder()))
}

// NewBuilder returns the policy without metrics, for programs that meter it
// with a Metrics of their own.
func NewBuilder() balancer.Builder {
	newPickerBuilder := func() base2.ListPickerBuilder { return &pickerBuilder{} }
	return builder{base2.NewListBalancerBuilder(Name, newPickerBuilder, base.Config{HealthCheck: true})}
}

// builder adds the parser of a config that has no fields yet.
type builder struct {
	balancer.Builder
}

// ParseConfig implements [balancer.ConfigParser]. There is nothing in a config
// that the policy would have to be told. The empty string stands for an empty
// config: grpc-go's round_robin, which looks at none, is often given it.
func (builder) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	if string(js) == `""` {
		return nil, nil
	}
	_, err := lbconfig.Parse[struct{}](Name, js)
	return nil, err
}
