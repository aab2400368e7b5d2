package balancertest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// needy builds planted policies that need a config with a limit, and the attribute
// of a zone on each endpoint. It keeps what it sees.
type needy struct {
	planted
	lenient  string   // a broken config that the parser accepts
	parsed   []string // configs
	empty    int      // updates without endpoints
	zoneless int      // endpoints without a zone
}

type limitConfig struct {
	serviceconfig.LoadBalancingConfig
	Limit int `json:"limit"`
}

func (n *needy) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	n.parsed = append(n.parsed, string(js))
	if string(js) == n.lenient {
		return limitConfig{Limit: 1}, nil
	}
	cfg := limitConfig{}
	if err := json.Unmarshal(js, &cfg); err != nil {
		return nil, err
	}
	if cfg.Limit == 0 {
		return nil, errors.New("no limit")
	}
	return cfg, nil
}

func (n *needy) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return needyPolicy{n.planted.Build(cc, opts), n}
}

type needyPolicy struct {
	balancer.Balancer
	seen *needy
}

func (p needyPolicy) UpdateClientConnState(s balancer.ClientConnState) error {
	if cfg, ok := s.BalancerConfig.(limitConfig); !ok || cfg.Limit != 3 {
		return fmt.Errorf("config %v, want a limit of 3", s.BalancerConfig)
	}
	if len(s.ResolverState.Endpoints) == 0 {
		p.seen.empty++
	}
	for _, e := range s.ResolverState.Endpoints {
		if e.Attributes.Value(zoneKey{}) != "eu-1" {
			p.seen.zoneless++
		}
	}
	return p.Balancer.UpdateClientConnState(s)
}

// inZone sets the zone of endpoints, in place. It fails the test if an endpoint has
// one already: each call must get new endpoints.
func inZone(t *testing.T) balancertest.CheckOption {
	return balancertest.MapEndpoints(func(endpoints []resolver.Endpoint) []resolver.Endpoint {
		if len(endpoints) == 0 {
			t.Error("called for an update without endpoints")
		}
		for i, e := range endpoints {
			if e.Attributes != nil {
				t.Errorf("endpoint %v was returned by an earlier call", e)
			}
			endpoints[i] = balancertest.WithAttribute(e, zoneKey{}, "eu-1")
		}
		return endpoints
	})
}

var limit3 = balancertest.ConfigFields(`{ "limit": 3 }`)

func TestCheckPassesAPolicyThatNeedsAConfigAndAttributes(t *testing.T) {
	t.Parallel()
	n := &needy{}
	balancertest.Check(t, n, limit3, inZone(t))
	if n.zoneless > 0 || n.empty == 0 {
		t.Errorf("%d endpoints have no zone and %d updates have no endpoints, want none and some", n.zoneless, n.empty)
	}
}

func TestConfigFieldsAreInEachConfig(t *testing.T) {
	t.Parallel()
	const later = `"a field of a later version":{"of":["any","kind"]}}`
	for fields, want := range map[string][]string{
		`{}`:                   {`{`, `[]`, `{}`, `{` + later},
		"\t{ \"limit\": 3 }\n": {`{`, `[]`, `{"limit":3`, `[{"limit":3}]`, `{"limit":3}`, `{"limit":3,` + later},
		`{"limit": 3, "b": {"c": "}"}, "a": 1e999}`: {
			`{`, `[]`, `{"limit":3,"b":{"c":"}"},"a":1e999`, `[{"limit":3,"b":{"c":"}"},"a":1e999}]`,
			`{"limit":3,"b":{"c":"}"},"a":1e999}`, `{"limit":3,"b":{"c":"}"},"a":1e999,` + later,
		},
	} {
		n := &needy{}
		failures, _ := failuresOf(t, config, n, balancertest.ConfigFields(fields))
		if !slices.Equal(n.parsed, want) {
			t.Errorf("%s: configs\n%q, want\n%q", fields, n.parsed, want)
		}
		if (fields == `{}`) != (len(failures) > 0) { // which lacks the limit
			t.Errorf("%s: failures %q", fields, failures)
		}
	}
}

func TestCheckFindsParsersThatAcceptBrokenConfigsWithFields(t *testing.T) {
	t.Parallel()
	for _, lenient := range []string{`{`, `[]`, `{"limit":3`, `[{"limit":3}]`} {
		failures, _ := failuresOf(t, config, &needy{lenient: lenient}, limit3)
		if want := ", for " + lenient + "; return an error"; len(failures) != 1 || !strings.Contains(failures[0], want) {
			t.Errorf("failures %q, want one with %q", failures, want)
		}
	}
}

func TestCheckBlamesConfigFieldsThatTheParserRefuses(t *testing.T) {
	t.Parallel()
	limit0 := balancertest.ConfigFields(`{"limit": 0}`)
	for demand, want := range map[string]string{
		config:  `ParseConfig refused {"limit":0}: no limit; accept it, or correct ConfigFields`,
		service: `balancertest: parse config of planted: no limit`,
	} {
		if failures, _ := failuresOf(t, demand, &needy{}, limit0); !slices.Equal(failures, []string{want}) {
			t.Errorf("failures %q, want %q", failures, want)
		}
	}
}

func TestCheckNamesTheConfigThatAPolicyRefuses(t *testing.T) {
	t.Parallel()
	limit4 := balancertest.ConfigFields(`{"limit": 4}`)
	failures, _ := failuresOf(t, service, &needy{}, limit4)
	if want := `resolver update with 2 endpoints and config {"limit":4}: error "config {<nil> 4}, want a limit of 3"; accept it`; !slices.Equal(failures, []string{want}) {
		t.Errorf("failures %q, want %q", failures, want)
	}
}

// Check demands the same of a policy to whose endpoints MapEndpoints has added
// addresses, and of one that always has a further endpoint.
func TestMapEndpointsMayAddAddressesAndEndpoints(t *testing.T) {
	t.Parallel()
	for name, add := range map[string]func([]resolver.Endpoint) []resolver.Endpoint{
		"an address in front": func(endpoints []resolver.Endpoint) []resolver.Endpoint {
			for i, e := range endpoints {
				addr := e.Addresses[0].Addr
				endpoints[i] = balancertest.Endpoint("front of "+addr, addr)
			}
			return endpoints
		},
		"an address behind": func(endpoints []resolver.Endpoint) []resolver.Endpoint {
			for i, e := range endpoints {
				addr := e.Addresses[0].Addr
				endpoints[i] = balancertest.Endpoint(addr, "back of "+addr)
			}
			return endpoints
		},
		"an endpoint": func(endpoints []resolver.Endpoint) []resolver.Endpoint {
			return append(endpoints, balancertest.Endpoint("10.0.0.9:50051"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, keyed{}, threeKeys, balancertest.MapEndpoints(add))
			balancertest.Check(t, planted{}, balancertest.MapEndpoints(add))
			balancertest.Check(t, lastAddress{planted{}}, balancertest.MapEndpoints(add))
			failures, _ := failuresOf(t, replacement, planted{fault{leaksOnUpdate: true}}, balancertest.MapEndpoints(add))
			if len(failures) == 0 || !strings.Contains(failures[0], "the resolver removed its endpoint") {
				t.Errorf("failures %q, want the leak", failures)
			}
		})
	}
}

// lastAddress builds policies that use the last address of each endpoint.
type lastAddress struct{ planted }

func (l lastAddress) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return lastAddressPolicy{l.planted.Build(cc, opts)}
}

type lastAddressPolicy struct{ balancer.Balancer }

func (p lastAddressPolicy) UpdateClientConnState(s balancer.ClientConnState) error {
	endpoints := slices.Clone(s.ResolverState.Endpoints)
	for i, e := range endpoints {
		endpoints[i].Addresses = e.Addresses[len(e.Addresses)-1:]
	}
	s.ResolverState.Endpoints = endpoints
	return p.Balancer.UpdateClientConnState(s)
}

func TestMapEndpointsMustNotReturnNone(t *testing.T) {
	t.Parallel()
	none := balancertest.MapEndpoints(func([]resolver.Endpoint) []resolver.Endpoint { return nil })
	failures, _ := failuresOf(t, service, planted{}, none)
	if want := "balancertest: check policy: MapEndpoints returned no endpoints for [10.0.0.1:50051 10.0.0.2:50051]"; !slices.Equal(failures, []string{want}) {
		t.Errorf("failures %q, want %q", failures, want)
	}
}

func TestBadInputsAreRefused(t *testing.T) {
	t.Parallel()
	same := balancertest.MapEndpoints(func(e []resolver.Endpoint) []resolver.Endpoint { return e })
	for name, test := range map[string]struct {
		b    balancer.Builder
		opts []balancertest.CheckOption
		want string // after "balancertest: check policy: "; "" for no error
	}{
		"good":             {planted{}, []balancertest.CheckOption{limit3, same}, ""},
		"no fields":        {planted{}, []balancertest.CheckOption{balancertest.ConfigFields(" {} ")}, ""},
		"an array":         {planted{}, []balancertest.CheckOption{balancertest.ConfigFields(`[]`)}, "parse ConfigFields: json: cannot unmarshal array into Go value of type map[string]json.RawMessage"},
		"null":             {planted{}, []balancertest.CheckOption{balancertest.ConfigFields(`null`)}, "parse ConfigFields: null is not an object"},
		"nothing":          {planted{}, []balancertest.CheckOption{balancertest.ConfigFields(``)}, "parse ConfigFields: unexpected end of JSON input"},
		"two objects":      {planted{}, []balancertest.CheckOption{balancertest.ConfigFields(`{}{}`)}, "parse ConfigFields: invalid character '{' after top-level value"},
		"twice":            {planted{}, []balancertest.CheckOption{limit3, limit3}, "ConfigFields needs all fields in one option"},
		"no parser":        {struct{ balancer.Builder }{planted{}}, []balancertest.CheckOption{limit3}, "ConfigFields needs a builder with ParseConfig; that of planted has none"},
		"a nil function":   {planted{}, []balancertest.CheckOption{balancertest.MapEndpoints(nil)}, "MapEndpoints needs a function, and comes once"},
		"functions, twice": {planted{}, []balancertest.CheckOption{same, same}, "MapEndpoints needs a function, and comes once"},
	} {
		err := balancertest.BadOption(test.b, test.opts...)
		if (err == nil) != (test.want == "") || err != nil && err.Error() != "balancertest: check policy: "+test.want {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}
