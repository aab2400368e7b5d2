package roundrobin2

import (
	"encoding/json"
	"fmt"
	"time"

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

// builder builds policies that can ask the resolver again, and parses their configs.
type builder struct {
	balancer.Builder
}

// Build implements [balancer.Builder].
func (b builder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return &reresolving{Balancer: b.Builder.Build(cc, opts), cc: cc}
}

// config is the policy's part of a service config.
type config struct {
	serviceconfig.LoadBalancingConfig `json:"-"`

	// ResolveEvery is how often the policy asks the resolver for an update; nil for
	// never.
	ResolveEvery *lbconfig.Duration `json:"resolveEvery,omitempty"`
}

// minResolveEvery keeps a mistake, such as "0.01s" for 10 s, from flooding a resolver
// that has no limit of its own.
const minResolveEvery = lbconfig.Duration(time.Second)

// ParseConfig implements [balancer.ConfigParser]. It accepts the empty string as an
// empty config: grpc-go's round_robin ignores its config, and many programs pass that
// string.
func (builder) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	if string(js) == `""` {
		return nil, nil
	}
	cfg, err := lbconfig.Parse[config](Name, js)
	if err != nil {
		return nil, err
	}
	if every := cfg.ResolveEvery; every != nil && *every < minResolveEvery {
		return nil, fmt.Errorf("%s: parse config: field %q is %q, want at least %q", Name, "resolveEvery", every, minResolveEvery)
	}
	return cfg, nil
}

// resolveEvery returns how often the policy asks the resolver; 0 for never. The config
// may be of another type. As in grpc-go's round_robin it then counts as none: some parent
// policies pass their own config on.
func resolveEvery(c serviceconfig.LoadBalancingConfig) time.Duration {
	cfg, _ := c.(config)
	if cfg.ResolveEvery == nil {
		return 0
	}
	return time.Duration(*cfg.ResolveEvery)
}
