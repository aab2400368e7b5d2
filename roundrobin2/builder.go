package roundrobin2

import (
	"encoding/json"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

// Name is the name by which a service config selects the policy.
const Name = "round_robin2"

// ServiceConfig is a service config that selects the policy, for
// [grpc.WithDefaultServiceConfig]. With a mistyped name gRPC may use another policy
// without an error; the constant prevents that.
//
// [grpc.WithDefaultServiceConfig]: https://pkg.go.dev/google.golang.org/grpc#WithDefaultServiceConfig
const ServiceConfig = `{"loadBalancingConfig": [{"` + Name + `": {}}]}`

// NewBuilder returns a builder of the policy without metrics. It is for programs
// that meter the policy with their own Metrics, or not at all.
func NewBuilder() balancer.Builder {
	return builder{base2.New(Name, func(*base2.Channel) *rotation { return &rotation{} })}
}

// builder adds a parser for the config, which has no fields yet.
type builder struct {
	balancer.Builder
}

// ParseConfig implements [balancer.ConfigParser]. It checks the config, which has
// nothing for the policy. It accepts the empty string as an empty config:
// grpc-go's round_robin ignores its config, and many programs pass that string.
func (builder) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	if string(js) == `""` {
		return nil, nil
	}
	_, err := lbconfig.Parse[struct{}](Name, js)
	return nil, err
}
