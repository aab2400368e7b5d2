package base2_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

type limit struct {
	Max int `json:"max"`
}

func (l limit) Validate() error {
	if l.Max < 0 {
		return errors.New("max is negative, want 0 for none, or more")
	}
	return nil
}

// limitByPointer is a limit whose pointer has the method Validate.
type limitByPointer struct {
	Max int `json:"max"`
}

func (l *limitByPointer) Validate() error { return limit{l.Max}.Validate() }

// limited is a Policy that records its calls.
type limited struct {
	pickers int
	configs []limit
}

func (l *limited) NewPicker(view base2.View[struct{}]) balancer.Picker {
	l.pickers++
	return first(view.Ready())
}

func (l *limited) Configure(c limit) { l.configs = append(l.configs, c) }

func buildLimited(t *testing.T) (*balancertest.ClientConn, *balancertest.Policy, *limited) {
	t.Helper()
	cc, l := balancertest.NewClientConn(t), &limited{}
	p := cc.Build(base2.NewConfigured("limited", func(*base2.Channel) *limited { return l }))
	t.Cleanup(p.Close)
	return cc, p, l
}

func TestConfigReachesThePolicy(t *testing.T) {
	t.Parallel()
	cc, p, l := buildLimited(t)
	update := func(config string) {
		t.Helper()
		if err := p.UpdateWithConfig(config, balancertest.Endpoints("a:1")...); err != nil {
			t.Fatalf("update: %v", err)
		}
	}
	update(`{"max": 3}`)
	cc.SubConn("a:1").Ready()
	pickers := l.pickers
	update(`{"max": 3}`)
	if n := l.pickers - pickers; n != 0 {
		t.Errorf("%d pickers after the same config again, want none", n)
	}
	update(`{"max": 4}`)
	if n := l.pickers - pickers; n != 1 {
		t.Errorf("%d pickers after another config, want 1", n)
	}
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	if want := []limit{{3}, {4}, {}}; !slices.Equal(l.configs, want) {
		t.Errorf("configs %v, want %v", l.configs, want)
	}
}

func TestConfigOfAnotherPolicyChangesNothing(t *testing.T) {
	t.Parallel()
	cc, p, l := buildLimited(t)
	state := balancertest.ResolverState(balancertest.Endpoints("a:1")...)
	err := p.UpdateClientConnState(balancer.ClientConnState{ResolverState: state, BalancerConfig: struct {
		serviceconfig.LoadBalancingConfig
	}{}})
	if !errors.Is(err, balancer.ErrBadResolverState) || !strings.Contains(fmt.Sprint(err), "limited: use config: it is a struct") {
		t.Errorf("update: %v, want an error that names the policy and the type", err)
	}
	if len(l.configs) != 0 || len(cc.SubConns()) != 0 {
		t.Errorf("configs %v and SubConns %v, want none", l.configs, cc.SubConns())
	}
}

func TestConfigsAreParsedAndValidated(t *testing.T) {
	t.Parallel()
	for kind, b := range map[string]balancer.Builder{
		"by value":   base2.NewConfigured("limited", func(*base2.Channel) *limited { return &limited{} }),
		"by pointer": base2.NewConfigured("limited", func(*base2.Channel) configuredBy[limitByPointer] { return configuredBy[limitByPointer]{} }),
	} {
		for config, want := range map[string]string{
			`{}`:           "<nil>",
			`{"max": 1}`:   "<nil>",
			`{"x": 1}`:     "<nil>",
			`{"max": "1"}`: `limited: parse config: field "max" is a JSON string, want a int`,
			`{"max": -1}`:  "limited: parse config: max is negative, want 0 for none, or more",
		} {
			if _, err := b.(balancer.ConfigParser).ParseConfig(json.RawMessage(config)); fmt.Sprint(err) != want {
				t.Errorf("%s: ParseConfig(%s): %v, want %s", kind, config, err, want)
			}
		}
	}
}

// Parents that marshal the config of a child and parse the result reach the child with
// the same config. It is not a new one each time: that would be a new picker.
func TestAConfigSurvivesBeingMarshaled(t *testing.T) {
	t.Parallel()
	cc, p, l := buildLimited(t)
	b := base2.NewConfigured("limited", func(*base2.Channel) *limited { return l })
	for range 3 {
		config, err := b.(balancer.ConfigParser).ParseConfig(json.RawMessage(`{"max": 3, "later": {"a": [1, 2]}}`))
		if err != nil {
			t.Fatal(err)
		}
		js, err := json.Marshal([]map[string]any{{"limited": config}})
		if want := `[{"limited":{"max":3,"later":{"a":[1,2]}}}]`; err != nil || string(js) != want {
			t.Fatalf("the config becomes %s, error %v, want %s", js, err, want)
		}
		var list []map[string]json.RawMessage
		if err := json.Unmarshal(js, &list); err != nil {
			t.Fatal(err)
		}
		if err := p.UpdateWithConfig(string(list[0]["limited"]), balancertest.Endpoints("a:1")...); err != nil {
			t.Fatalf("update: %v", err)
		}
	}
	if want := []limit{{3}}; !slices.Equal(l.configs, want) || len(cc.Live()) != 1 {
		t.Errorf("configs %v and SubConns %v, want %v and one", l.configs, cc.Live(), want)
	}
}
