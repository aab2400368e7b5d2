package base2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// picky is a PickerBuilder that misbehaves if there are two READY SubConns. pickyPolicy
// is a Policy that does the same.
type picky struct {
	misbehave func() balancer.Picker
}

func (p picky) Build(info base.PickerBuildInfo) balancer.Picker {
	if len(info.ReadySCs) == 2 {
		return p.misbehave()
	}
	return (&recorder{}).Build(info)
}

type pickyPolicy struct{ picky }

func (p pickyPolicy) NewPicker(view base2.View[struct{}]) balancer.Picker {
	if len(view.Ready()) == 2 {
		return p.misbehave()
	}
	return first(view.Ready())
}

func TestRPCsFailWithTheMistakeOfAPickerBuilder(t *testing.T) {
	t.Parallel()
	for mistake, misbehave := range map[string]func() balancer.Picker{
		"returned a nil picker; have it return base.NewErrPicker if there is none": func() balancer.Picker { return nil },
		"panicked: no weights": func() balancer.Picker { panic("no weights") },
	} {
		for kind, b := range map[string]balancer.Builder{
			"picky":       base2.NewBalancerBuilder("faulty", func() base.PickerBuilder { return picky{misbehave} }),
			"pickyPolicy": base2.New("faulty", func(*base2.Channel) pickyPolicy { return pickyPolicy{picky{misbehave}} }),
		} {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				want := fmt.Sprintf("faulty: make picker: base2_test.%s %s", kind, mistake)
				cc := balancertest.NewClientConn(t)
				p := cc.Build(b)
				defer p.Close()
				mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
				cc.SubConn("a:1").Ready()
				cc.SubConn("b:1").Ready()
				reports := len(cc.States())
				cc.SubConn("c:1").Fail(errors.New("refused")) // leads to no new attempt
				if got := len(cc.States()) - reports; got != 0 {
					t.Errorf("%d reports on a failure of c:1, want none", got)
				}
				if got := cc.State().ConnectivityState; got != stFailure {
					t.Errorf("state %v, want TRANSIENT_FAILURE", got)
				}
				wantPickError(t, cc, want)
				cc.SubConn("b:1").Idle() // leads to another picker
				if sc, err := cc.Pick(); err != nil || sc.Addr() != "a:1" || cc.State().ConnectivityState != stReady {
					t.Errorf("after the next change: pick %v, %v in %v, want a:1 in READY", sc, err, cc.State().ConnectivityState)
				}
			})
		}
	}
}

func TestRPCsFailWithoutAPolicy(t *testing.T) {
	t.Parallel()
	for kind, b := range map[string]balancer.Builder{
		"PickerBuilder": base2.NewBalancerBuilder("faulty", func() base.PickerBuilder { return nil }),
		"Policy":        base2.New("faulty", func(*base2.Channel) base2.Policy[int] { return nil }),
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			cc := balancertest.NewClientConn(t)
			p := cc.Build(b)
			defer p.Close()
			mustUpdate(t, p, balancertest.Endpoints("a:1")...)
			cc.SubConn("a:1").Ready()
			wantPickError(t, cc, "faulty: make picker: there is no policy; the function that makes policies returned nil")
		})
	}
}

// fussy is a Policy whose Configure panics.
type fussy struct{ fromReady }

func (*fussy) Configure(limit) { panic("no limits") }

// Without an answer to its first update a channel has no picker, and RPCs wait.
func TestRPCsFailIfTheFirstConfigCannotBeUsed(t *testing.T) {
	t.Parallel()
	const want = "fussy: use config: *base2_test.fussy panicked: no limits"
	cc := balancertest.NewClientConn(t)
	p := cc.Build(base2.NewConfigured("fussy", func(*base2.Channel) *fussy { return &fussy{first} }))
	defer p.Close()
	if err := p.UpdateWithConfig(`{"max": 1}`, balancertest.Endpoints("a:1")...); fmt.Sprint(err) != want {
		t.Errorf("update: %v, want %s", err, want)
	}
	wantPickError(t, cc, want)
	wantStates(t, cc, stFailure)
}

// The policy keeps its endpoints and its picker.
func TestALaterConfigThatCannotBeUsedChangesNothing(t *testing.T) {
	t.Parallel()
	cc, p, _ := buildLimited(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Ready()
	reports := len(cc.States())
	s := balancer.ClientConnState{ResolverState: balancertest.ResolverState(balancertest.Endpoints("b:1")...), BalancerConfig: struct {
		serviceconfig.LoadBalancingConfig
	}{}}
	if err := p.UpdateClientConnState(s); !errors.Is(err, balancer.ErrBadResolverState) {
		t.Errorf("update: %v, want ErrBadResolverState", err)
	}
	if got := len(cc.States()) - reports; got != 0 || len(cc.SubConns()) != 1 {
		t.Errorf("%d reports and SubConns %v, want none and the one to a:1", got, cc.SubConns())
	}
}

// touchy is a config whose Validate panics if a field is absent.
type touchy struct {
	Max *int `json:"max"`
}

func (c touchy) Validate() error {
	if *c.Max < 0 { // Max is nil if the field is absent
		return errors.New("max is negative")
	}
	return nil
}

type touchyPolicy struct{ fromReady }

func (touchyPolicy) Configure(touchy) {}

func TestAConfigThatValidateCannotDoWithIsRefused(t *testing.T) {
	t.Parallel()
	b := base2.NewConfigured("touchy", func(*base2.Channel) touchyPolicy { return touchyPolicy{first} })
	_, err := b.(balancer.ConfigParser).ParseConfig([]byte(`{}`))
	if want := "touchy: parse config: *base2_test.touchy panicked: runtime error: invalid memory address"; !strings.HasPrefix(fmt.Sprint(err), want) {
		t.Errorf("ParseConfig: %v, want %s…", err, want)
	}
}

type configuredBy[C any] struct{ fromReady }

func (configuredBy[C]) Configure(C) {}

func TestMistakesOfAProgramAreSeenAtItsStart(t *testing.T) {
	t.Parallel()
	for want, do := range map[string]func(){
		"base2: make policy p: the function that makes policies is nil": func() { base2.NewBalancerBuilder("p", nil) },
		"base2: make policy q: the function that makes policies is nil": func() { base2.New[fromReady]("q", nil) },
		"base2: make policy r: the function that makes policies is nil": func() { base2.NewConfigured[*limited]("r", nil) },
		"base2: make policy s: the config is a *base2_test.limit, which is a ptr, want a struct": func() {
			base2.NewConfigured("s", func(*base2.Channel) configuredBy[*limit] { return configuredBy[*limit]{} })
		},
		"base2: make policy t: the config is a map[string]int, which is a map, want a struct": func() {
			base2.NewConfigured("t", func(*base2.Channel) configuredBy[map[string]int] { return configuredBy[map[string]int]{} })
		},
		"base2: make policy u: the config is a interface {}, which is a interface, want a struct": func() {
			base2.NewConfigured("u", func(*base2.Channel) configuredBy[any] { return configuredBy[any]{} })
		},
	} {
		func() {
			defer func() {
				if reason := fmt.Sprint(recover()); reason != want {
					t.Errorf("panic %q, want %q", reason, want)
				}
			}()
			do()
		}()
	}
}
