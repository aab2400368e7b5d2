package metrics_test

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

func parse(t *testing.T, b balancer.Builder, config string) (serviceconfig.LoadBalancingConfig, error) {
	t.Helper()
	parser, ok := b.(balancer.ConfigParser)
	if !ok {
		t.Fatal("an instrumented builder has no ParseConfig")
	}
	return parser.ParseConfig(json.RawMessage(config))
}

// Which part of each config the policy gets.
func TestThePolicyGetsItsPartOfTheConfig(t *testing.T) {
	t.Parallel()
	tests := []struct{ config, want string }{
		{`{}`, `{}`},
		{`{"a": 1}`, `{"a": 1}`},
		{`{"Metrics": {}}`, `{"Metrics": {}}`},
		{`[1]`, `[1]`},
		{`""`, `""`},
		{`{"balancer2Metrics": {"latency": true}}`, `{}`},
		{`{"balancer2Metrics": {"Latency": false, "x": 1}}`, `{}`},
		{`{"balancer2Metrics": {"latency": null}, "b": 2, "a": 1}`, `{"a":1,"b":2}`},
		{`{"balancer2Metrics": {}, "a": {"balancer2Metrics": 1}}`, `{"a":{"balancer2Metrics":1}}`},
		// A field of the policy with the same name.
		{`{"balancer2Metrics": ["cpu"]}`, `{"balancer2Metrics": ["cpu"]}`},
		{`{"balancer2Metrics": "cpu", "b": 2,  "a": 1}`, `{"balancer2Metrics": "cpu", "b": 2,  "a": 1}`},
		{`{"balancer2Metrics": true}`, `{"balancer2Metrics": true}`},
		{`{"balancer2Metrics": null}`, `{"balancer2Metrics": null}`},
		{`{"balancer2Metrics": {"cpu": 1, "of": {"latency": true}}}`, `{"balancer2Metrics": {"cpu": 1, "of": {"latency": true}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.config, func(t *testing.T) {
			t.Parallel()
			for name, instrument := range map[string]func(balancer.Builder) balancer.Builder{
				"metered": metrics.New().Instrument,
				"metered twice": func(b balancer.Builder) balancer.Builder {
					return metrics.New().Instrument(metrics.New().Instrument(b))
				},
			} {
				s := &parsingStub{}
				policy := instrument(s)
				config, err := parse(t, policy, tt.config)
				if err != nil {
					t.Fatalf("%s: ParseConfig: %v", name, err)
				}
				p := policy.Build(&looseConn{}, balancer.BuildOptions{})
				if err := p.UpdateClientConnState(balancer.ClientConnState{BalancerConfig: config}); err != nil {
					t.Fatalf("%s: update: %v", name, err)
				}
				if got, ok := s.config.(*stubConfig); !ok || got.Raw != tt.want {
					t.Errorf("%s: the policy got %v, want %s", name, s.config, tt.want)
				}
			}
		})
	}
}

// A parent policy may want to see its child's config.
func TestConfigWithoutAPartForTheDecoratorIsThePolicys(t *testing.T) {
	t.Parallel()
	for _, js := range []string{`{"a": 1}`, `{"balancer2Metrics": ["cpu"]}`} {
		config, err := parse(t, metrics.New().Instrument(&parsingStub{}), js)
		if _, ok := config.(*stubConfig); !ok || err != nil {
			t.Errorf("ParseConfig(%s) gave a %T, %v, want what the policy's gives", js, config, err)
		}
	}
}

func TestPolicyWithoutAConfigMayBeMeasured(t *testing.T) {
	t.Parallel()
	s := &stub{}
	policy := metrics.New().Instrument(s)
	for _, js := range []string{`{}`, `{"a": 1}`, `1`} {
		if config, err := parse(t, policy, js); config != nil || err != nil {
			t.Errorf("ParseConfig(%s) gave %v, %v, want nothing, as gRPC does", js, config, err)
		}
	}
	config, err := parse(t, policy, `{"balancer2Metrics": {"latency": true}}`)
	if err != nil {
		t.Fatalf("ParseConfig: %v", err)
	}
	p := policy.Build(&looseConn{}, balancer.BuildOptions{})
	if err := p.UpdateClientConnState(balancer.ClientConnState{BalancerConfig: config}); err != nil || s.config != nil {
		t.Errorf("update: %v; the policy got config %v, want none", err, s.config)
	}
}

// The outer decorator must not hide the settings from the inner one.
func TestBothOfTwoDecoratorsAreConfigured(t *testing.T) {
	t.Parallel()
	inner, outer := metrics.New(), metrics.New()
	s := &parsingStub{}
	cc := balancertest.NewClientConn(t)
	p := cc.Build(outer.Instrument(inner.Instrument(s)))
	if err := p.UpdateWithConfig(`{"balancer2Metrics": {"latency": true}, "a": 1}`); err != nil {
		t.Fatalf("update: %v", err)
	}
	if got, ok := s.config.(*stubConfig); !ok || got.Raw != `{"a":1}` {
		t.Errorf("the policy got %v, want its part", s.config)
	}
	s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
	cc.SubConn("a:1").Ready()
	if _, err := cc.RPC(nil); err != nil {
		t.Fatalf("RPC: %v", err)
	}
	for name, m := range map[string]*metrics.Metrics{"inner": inner, "outer": outer} {
		if n := durations(t, m)["a:1"].GetSampleCount(); n != 1 {
			t.Errorf("%s: RPCs measured = %d, want 1", name, n)
		}
	}
}

// Parents may marshal the config of a child and have it parsed again.
func TestAMarshalledConfigIsParsedToTheSame(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	for _, tt := range []struct {
		policy balancer.Builder
		config string
	}{
		{balancer.Get("least_request_experimental"), `{"balancer2Metrics":{"latency":true},"choiceCount":5}`},
		{balancer.Get("least_request_experimental"), `{"balancer2Metrics":{},"choiceCount":2}`},
		{&stub{}, `{"balancer2Metrics":{"latency":false}}`},
	} {
		config, err := parse(t, m.InstrumentAs("p", tt.policy), tt.config)
		if err != nil {
			t.Fatalf("ParseConfig(%s): %v", tt.config, err)
		}
		if got, err := json.Marshal(config); err != nil || string(got) != tt.config {
			t.Errorf("%s, parsed and marshalled, is %s, %v", tt.config, got, err)
		}
	}
}

func TestBadConfigsAreRefused(t *testing.T) {
	t.Parallel()
	plain, parsing := &stub{name: "my_policy"}, &parsingStub{stub{name: "my_policy"}}
	tests := []struct {
		policy       balancer.Builder
		config, want string
	}{
		{parsing, `{"balancer2Metrics": {"latency": "yes"}}`, `my_policy: balancer2Metrics: parse config: field "latency" is a JSON string, want a bool`},
		{parsing, `{"balancer2Metrics": {"LATENCY": 1, "cpu": true}}`, `my_policy: balancer2Metrics: parse config: field "latency" is a JSON number, want a bool`},
		{parsing, `{`, `not JSON`},
		{parsing, `{"balancer2Metrics": {}, "bad": 1}`, `bad is bad`},
		// This policy takes no config, so the field is for the decorator.
		{plain, `{"balancer2Metrics": {"latency": "yes"}}`, `my_policy: balancer2Metrics: parse config: field "latency" is a JSON string, want a bool`},
		{plain, `{"balancer2Metrics": ["latency"]}`, `my_policy: balancer2Metrics: parse config: it is a JSON array, want an object`},
		{metrics.New().Instrument(plain), `{"balancer2Metrics": true}`, `my_policy: balancer2Metrics: parse config: it is a JSON bool, want an object`},
	}
	for _, tt := range tests {
		policy := metrics.New().Instrument(tt.policy)
		if config, err := parse(t, policy, tt.config); config != nil || err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("ParseConfig(%s) gave %v, %v, want the error %q", tt.config, config, err, tt.want)
		}
	}
}

// Not parallel: it reads the log. If the policy parses configs, it is up to the
// policy to warn about misspelled fields.
func TestMistypedSettingsAreWarnedOf(t *testing.T) {
	tests := []struct{ config, want string }{
		{`{"balancer2Metrics": {"latncy": true}}`, `stub: balancer2Metrics: parse config: ignoring unknown field "latncy"`},
		{`{"balancer2Metrics": {"latency": true, "x": 1}}`, `stub: balancer2Metrics: parse config: ignoring unknown field "x"`},
		{`{"metrcs": {"latency": true}}`, `stub: parse config: ignoring {"metrcs": {"latency": true}}: the policy takes no config`},
	}
	for _, tt := range tests {
		got := logged(func() {
			if _, err := parse(t, metrics.New().Instrument(&stub{}), tt.config); err != nil {
				t.Errorf("ParseConfig(%s): %v", tt.config, err)
			}
		})
		if !strings.Contains(got, tt.want) || strings.Count(got, "\n") != 1 {
			t.Errorf("ParseConfig(%s) logged %q, want one line with %q", tt.config, got, tt.want)
		}
	}
}
