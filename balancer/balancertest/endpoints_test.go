package balancertest_test

import (
	"net/url"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

type zoneKey struct{}

func TestEndpointsHaveAttributesAndWeights(t *testing.T) {
	t.Parallel()
	plain := balancertest.Endpoint("a:1")
	inZone := balancertest.WithAttribute(plain, zoneKey{}, "eu-1")
	e := balancertest.WithWeight(balancertest.WithAttribute(inZone, "leader", true), 3)
	if zone, leader := e.Attributes.Value(zoneKey{}), e.Attributes.Value("leader"); zone != "eu-1" || leader != true {
		t.Errorf("attributes %v and %v, want eu-1 and true", zone, leader)
	}
	if w := weight.FromEndpoint(e).Weight; w != 3 {
		t.Errorf("weight %d, want 3", w)
	}
	if plain.Attributes != nil || inZone.Attributes.Value("leader") != nil || weight.FromEndpoint(inZone).Weight != 0 {
		t.Errorf("the endpoints that were given have changed: %v, %v", plain, inZone)
	}
	s := balancertest.ResolverState(e)
	if got := s.Addresses[0].BalancerAttributes.Value(zoneKey{}); got != "eu-1" {
		t.Errorf("the address has the zone %v, want that of its endpoint", got)
	}
}

// seeing is a builder that keeps the options that it sees.
type seeing struct {
	balancer.Builder
	opts balancer.BuildOptions
}

func (s *seeing) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	s.opts = opts
	return s.Builder.Build(cc, opts)
}

func TestBuildersSeeTheOptions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts balancer.BuildOptions
		want string // target
	}{
		"without a target": {balancer.BuildOptions{Authority: "shop", CustomUserAgent: "agent"}, balancertest.Target},
		"with a target": {
			balancer.BuildOptions{Authority: "shop", CustomUserAgent: "agent", Target: resolver.Target{URL: url.URL{Scheme: "dns", Path: "/shop:443"}}},
			"dns:///shop:443",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cc := balancertest.NewClientConn(t)
			s := &seeing{Builder: planted{}}
			defer cc.BuildWithOptions(s, test.opts).Close()
			if s.opts.Authority != "shop" || s.opts.CustomUserAgent != "agent" {
				t.Errorf("options %+v, want those given", s.opts)
			}
			if got := s.opts.Target.String(); got != test.want || cc.Target() != test.want {
				t.Errorf("target %q of the options and %q of the channel, want %q", got, cc.Target(), test.want)
			}
		})
	}
}
