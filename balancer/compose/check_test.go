package compose_test

import (
	"encoding/json"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/compose"
	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// nothing wraps a policy without changing anything.
func nothing(name string, b balancer.Builder) balancer.Builder {
	return compose.Wrap(name, b, func(*compose.Instance) compose.Wrapper[int] { return compose.Wrapper[int]{} })
}

// single makes a policy with one child of a Splitter.
func single(name string, b balancer.Builder) balancer.Builder {
	return compose.Split(name, func(*compose.Instance) compose.Splitter {
		return compose.Splitter{
			Update: func(s balancer.ClientConnState) ([]compose.Child, error) {
				return []compose.Child{{Builder: b, ClientConnState: s}}, nil
			},
			State: func(children []compose.ChildState) balancer.State { return children[0].State },
		}
	})
}

func TestComposedPoliciesDoWhatGRPCCountsOn(t *testing.T) {
	t.Parallel()
	rr2, metered := roundrobin2.NewBuilder(), metrics.New().Instrument
	for name, b := range map[string]balancer.Builder{
		"round_robin2":           nothing("test", rr2),
		"pick_first2":            nothing("test", pickfirst2.NewBuilder()),
		"twice":                  nothing("outer", nothing("inner", rr2)),
		"metered outside":        metered(nothing("test", rr2)),
		"metered inside":         nothing("test", metered(rr2)),
		"metered between":        nothing("outer", metered(nothing("inner", metered(rr2)))),
		"the breaker":            compose.Wrap("breaker", rr2, newBreaker),
		"the localities":         compose.Split("localities", newLocalities),
		"several localities":     spread{compose.Split("localities", newLocalities)},
		"localities and breaker": spread{compose.Wrap("breaker", compose.Split("localities", newLocalities), newBreaker)},
		"metered localities":     spread{metered(compose.Split("localities", newLocalities))},
		"chosen by config":       chosenBuilder(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, b)
		})
	}
}

// The exceptions are those of the children: see balancertest.
func TestComposedPoliciesOfGRPCDoWhatGRPCCountsOn(t *testing.T) {
	t.Parallel()
	exceptions := []balancertest.CheckOption{balancertest.ShutsDownFirst, balancertest.SerialExitIdle, balancertest.LostIsIdle}
	for _, name := range []string{roundrobin.Name, leastrequest.Name, pickfirst.Name} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, nothing("test", balancer.Get(name)), exceptions...)
		})
		t.Run(name+" of a Splitter", func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, single("test", withoutConfig{balancer.Get(name)}), exceptions...)
		})
	}
}

// withoutConfig hides the ParseConfig of a builder, and gives its policies the empty
// config.
type withoutConfig struct{ balancer.Builder }

func (b withoutConfig) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	parser, ok := b.Builder.(balancer.ConfigParser)
	if !ok {
		return b.Builder.Build(cc, opts)
	}
	config, err := parser.ParseConfig(json.RawMessage("{}"))
	if err != nil {
		panic(err)
	}
	return &configured{b.Builder.Build(cc, opts), config}
}

type configured struct {
	balancer.Balancer
	config serviceconfig.LoadBalancingConfig
}

func (p *configured) UpdateClientConnState(s balancer.ClientConnState) error {
	s.BalancerConfig = p.config
	return p.Balancer.UpdateClientConnState(s)
}

// spread gives the endpoints of each update the localities 0, 1 and 2 in turn.
type spread struct{ balancer.Builder }

func (b spread) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return &spreading{b.Builder.Build(cc, opts)}
}

type spreading struct{ balancer.Balancer }

func (p *spreading) UpdateClientConnState(s balancer.ClientConnState) error {
	names := []string{"near", "far", "farther"}
	var endpoints []resolver.Endpoint
	for i, e := range s.ResolverState.Endpoints {
		endpoints = append(endpoints, balancertest.WithAttribute(e, localityKey{}, locality{names[i%len(names)], i}))
	}
	s.ResolverState.Endpoints = endpoints
	return p.Balancer.UpdateClientConnState(s)
}

// chosen is the builder of a policy whose config chooses the child.
type chosen struct{ balancer.Builder }

type chosenConfig struct {
	serviceconfig.LoadBalancingConfig `json:"-"`

	Child compose.ChildPolicy `json:"childPolicy"`
}

func chosenBuilder() balancer.Builder {
	return chosen{compose.Wrap("chosen", roundrobin2.NewBuilder(), func(*compose.Instance) compose.Wrapper[int] {
		return compose.Wrapper[int]{Update: choose}
	})}
}

func (chosen) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	config, err := lbconfig.Parse[chosenConfig]("chosen", js)
	if err != nil {
		return nil, err
	}
	return &config, nil
}

func choose(c *compose.Child) error {
	config := c.BalancerConfig.(*chosenConfig)
	c.BalancerConfig = config.Child.Config
	if config.Child.Builder != nil {
		c.Builder = config.Child.Builder
	}
	return nil
}
