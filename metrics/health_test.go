package metrics_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics"
)

var errSick = errors.New("connection active but health check failed. status=NOT_SERVING")

// watched is a backend with one subchannel whose health a test plays.
type watched struct {
	t      *testing.T
	m      *metrics.Metrics
	stub   *stub
	fake   *looseSubConn
	sc     balancer.SubConn
	policy balancer.Balancer
	heard  []connectivity.State // by the policy's health listeners
}

func newWatched(t *testing.T, opts balancer.NewSubConnOptions) *watched {
	t.Helper()
	p := &watched{t: t, m: metrics.New(), stub: &stub{}}
	cc := &looseConn{}
	p.policy = p.m.Instrument(p.stub).Build(cc, balancer.BuildOptions{})
	opts.StateListener = func(balancer.SubConnState) {}
	sc, err := p.stub.cc.NewSubConn([]resolver.Address{{Addr: "a:1"}}, opts)
	if err != nil {
		t.Fatalf("NewSubConn: %v", err)
	}
	p.sc, p.fake = sc, cc.made[0]
	return p
}

// watch registers a health listener. It returns what gRPC calls.
func (p *watched) watch() func(connectivity.State, error) {
	p.sc.RegisterHealthListener(func(s balancer.SubConnState) { p.heard = append(p.heard, s.ConnectivityState) })
	listener := p.fake.health[len(p.fake.health)-1]
	return func(s connectivity.State, err error) {
		listener(balancer.SubConnState{ConnectivityState: s, ConnectionError: err})
	}
}

// want checks all series about READY subchannels, without those of 0.
func (p *watched) want(when string, want map[string]float64) {
	p.t.Helper()
	got := scrape(p.t, p.m)
	got.checkLaws(p.t)
	subchannels := got.of(func(s point) bool {
		return s.name == "ready_subchannels" || strings.HasSuffix(s.name, "usable_subchannels")
	}).nonzero()
	if diff := cmp.Diff(want, subchannels); diff != "" {
		p.t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

var (
	gone     = map[string]float64{}
	isUsable = map[string]float64{"ready_subchannels a:1": 1, "usable_subchannels a:1": 1}
)

func isUnusable(why string) map[string]float64 {
	return map[string]float64{"ready_subchannels a:1": 1, "unusable_subchannels a:1 " + why: 1}
}

func TestUsableIsWhatTheHealthListenerLastSaid(t *testing.T) {
	t.Parallel()
	p := newWatched(t, balancer.NewSubConnOptions{})
	p.want("not connected", gone)
	p.fake.state(connecting, ready)
	p.want("nobody watches its health", isUsable)
	say := p.watch()
	p.want("nothing said yet", isUnusable("unchecked"))
	for _, step := range []struct {
		state connectivity.State
		err   error
		want  map[string]float64
	}{
		{connecting, nil, isUnusable("unchecked")},
		{ready, nil, isUsable},
		{failure, errSick, isUnusable("unhealthy")},
		{failure, errSick, isUnusable("unhealthy")},
		{failure, nil, isUnusable("ejected")},
		{failure, errSick, isUnusable("unhealthy")},
		{connecting, errSick, isUnusable("unchecked")},
		{idle, nil, isUnusable("unchecked")},
		{ready, nil, isUsable},
		{failure, nil, isUnusable("ejected")},
	} {
		say(step.state, step.err)
		p.want("after "+step.state.String(), step.want)
	}
	p.sc.RegisterHealthListener(nil)
	p.want("nobody watches any more", isUsable)
	if last := p.fake.health[len(p.fake.health)-1]; last != nil {
		t.Error("gRPC was not told that the policy's listener goes")
	}
	want := []connectivity.State{connecting, ready, failure, failure, failure, failure, connecting, idle, ready, failure}
	if !slices.Equal(p.heard, want) {
		t.Errorf("the policy heard %v, want %v", p.heard, want)
	}
}

// Each connection of a policy that watches health is unchecked at first. A gauge
// that vanished would leave its last value in queries for five minutes.
func TestReasonsThatAScrapeHasSeenStayAsZero(t *testing.T) {
	t.Parallel()
	p := newWatched(t, balancer.NewSubConnOptions{})
	reasons := func() (names []string) {
		for _, s := range scrape(t, p.m) {
			if s.name == "unusable_subchannels" {
				names = append(names, s.extra)
			}
		}
		return names
	}
	p.fake.state(connecting, ready)
	if got := reasons(); len(got) != 0 {
		t.Errorf("reasons before there is one: %v, want none", got)
	}
	say := p.watch()
	say(failure, errSick)
	say(ready, nil)
	if got := reasons(); len(got) != 0 {
		t.Errorf("reasons that were over before a scrape: %v, want none", got)
	}
	for _, err := range []error{nil, errSick} {
		say(failure, err)
		p.want("not usable", isUnusable(map[bool]string{true: "ejected", false: "unhealthy"}[err == nil]))
	}
	p.fake.state(idle)
	if got, want := reasons(), []string{"ejected", "unhealthy"}; !slices.Equal(got, want) {
		t.Errorf("reasons when all is over: %v, want %v", got, want)
	}
	p.want("all is over", gone)
}

func TestAnUnusableSubchannelLeavesWithItsConnection(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*watched){
		"lost":              func(p *watched) { p.fake.state(idle) },
		"reconnecting":      func(p *watched) { p.fake.state(connecting) },
		"shut down":         func(p *watched) { p.sc.Shutdown() },
		"removed":           func(p *watched) { p.stub.cc.RemoveSubConn(p.sc) },
		"closed":            func(p *watched) { p.policy.Close() },
		"shut down by gRPC": func(p *watched) { p.fake.state(shutdown) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newWatched(t, balancer.NewSubConnOptions{})
			p.fake.state(connecting, ready)
			say := p.watch()
			say(failure, errSick)
			leave(p)
			p.want("afterwards", gone)
			say(failure, nil) // late
			say(ready, nil)
			p.watch()
			p.sc.RegisterHealthListener(nil)
			p.want("after late calls", gone)
		})
	}
}

func TestLateHealthUpdatesDoNotCount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(*watched) // the listener
		want map[string]float64
	}{
		{"another listener", func(p *watched) { p.watch()(ready, nil) }, isUsable},
		{"another listener that has not been told", func(p *watched) { p.watch() }, isUnusable("unchecked")},
		{"no listener", func(p *watched) { p.sc.RegisterHealthListener(nil) }, isUsable},
		{"another connection", func(p *watched) { p.fake.state(idle, connecting, ready) }, isUsable},
		{"another connection and listener", func(p *watched) {
			p.fake.state(idle, connecting, ready)
			p.watch()(ready, nil)
		}, isUsable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newWatched(t, balancer.NewSubConnOptions{})
			p.fake.state(connecting, ready)
			say := p.watch()
			say(failure, errSick)
			tt.end(p)
			for _, late := range []error{errSick, nil} {
				say(failure, late)
				p.want("after a late TRANSIENT_FAILURE", tt.want)
			}
			if n := len(p.heard); p.heard[n-1] != failure || p.heard[n-2] != failure {
				t.Errorf("the policy heard %v, want the late updates, too", p.heard)
			}
		})
	}
}

// gRPC takes no listener for a SubConn that is not READY.
func TestAListenerThatCameTooEarlyDoesNotCount(t *testing.T) {
	t.Parallel()
	p := newWatched(t, balancer.NewSubConnOptions{})
	say := p.watch()
	p.want("before it connects", gone)
	p.fake.state(connecting, ready)
	p.want("connected", isUsable)
	say(failure, errSick)
	p.want("told by a listener of before", isUsable)
}

// eager calls a health listener while it is being registered.
type eager struct{ *looseSubConn }

func (e eager) RegisterHealthListener(listener func(balancer.SubConnState)) {
	listener(balancer.SubConnState{ConnectivityState: failure})
}

func TestTheFirstHealthUpdateMayComeAtOnce(t *testing.T) {
	t.Parallel()
	p := newWatched(t, balancer.NewSubConnOptions{})
	p.fake.state(connecting, ready)
	metrics.Replace(p.sc, eager{p.fake})
	p.sc.RegisterHealthListener(func(balancer.SubConnState) {})
	p.want("told during the registration", isUnusable("ejected"))
}
