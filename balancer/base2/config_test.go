package base2_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
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

type limitedByPointer struct{ recorder }

func (*limitedByPointer) Configure(limitByPointer) {}

// limited is a PickerBuilder of both kinds that records its configs.
type limited struct {
	recorder
	lists
	configs []limit
}

func (l *limited) Configure(c limit) { l.configs = append(l.configs, c) }

func buildLimited(t *testing.T) (*balancertest.ClientConn, *balancertest.Policy, *limited) {
	t.Helper()
	cc, l := balancertest.NewClientConn(t), &limited{}
	p := cc.Build(base2.WithConfig[limit](base2.NewBalancerBuilder("limited", func() base.PickerBuilder { return l }, base.Config{})))
	t.Cleanup(p.Close)
	return cc, p, l
}

func TestConfigReachesThePickerBuilder(t *testing.T) {
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
	builds := len(l.builds)
	update(`{"max": 3}`)
	if n := len(l.builds) - builds; n != 0 {
		t.Errorf("%d pickers after the same config again, want none", n)
	}
	update(`{"max": 4}`)
	if n := len(l.builds) - builds; n != 1 {
		t.Errorf("%d pickers after another config, want 1", n)
	}
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	if want := []limit{{3}, {3}, {4}, {}}; !slices.Equal(l.configs, want) {
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
		"by value": base2.WithConfig[limit](base2.NewListBalancerBuilder("limited",
			func() base2.ListPickerBuilder { return &limited{} }, base.Config{})),
		"by pointer": base2.WithConfig[limitByPointer](base2.NewBalancerBuilder("limited",
			func() base.PickerBuilder { return &limitedByPointer{} }, base.Config{})),
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

// WithConfig makes one PickerBuilder, which belongs to no channel. Each channel has
// another one.
func TestWithConfigTriesOnePickerBuilder(t *testing.T) {
	t.Parallel()
	made := 0
	b := base2.WithConfig[limit](base2.NewBalancerBuilder("limited", func() base.PickerBuilder { made++; return &limited{} }, base.Config{}))
	for channels := range 3 {
		if made != 1+channels {
			t.Errorf("%d PickerBuilders with %d channels, want %d", made, channels, 1+channels)
		}
		p := balancertest.NewClientConn(t).Build(b)
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
		p.Close()
	}
}

func TestWithConfigPanicsForWhatItCannotConfigure(t *testing.T) {
	t.Parallel()
	unconfigurable := base2.NewBalancerBuilder("p", func() base.PickerBuilder { return &recorder{} }, base.Config{})
	for want, b := range map[string]balancer.Builder{
		"is no builder of NewBalancerBuilder": balancer.Get("pick_first"),
		"has no method Configure(base2_test":  unconfigurable,
	} {
		func() {
			defer func() {
				if reason := fmt.Sprint(recover()); !strings.Contains(reason, want) {
					t.Errorf("panic %q, want one with %q", reason, want)
				}
			}()
			base2.WithConfig[limit](b)
		}()
	}
}
