package compose_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/compose"
)

// wrapped is a stub under a Wrapper.
type wrapped struct {
	cc       *channel
	policy   balancer.Balancer
	children *stubs
	instance *compose.Instance
}

func newWrapped(t *testing.T, w compose.Wrapper[int]) *wrapped {
	t.Helper()
	p := &wrapped{cc: newChannel(t), children: &stubs{name: "child"}}
	b := compose.Wrap("test", p.children, func(i *compose.Instance) compose.Wrapper[int] {
		p.instance = i
		return w
	})
	p.policy = b.Build(p.cc, balancer.BuildOptions{Authority: "authority"})
	t.Cleanup(p.policy.Close)
	return p
}

func TestAnAuthorSeesAndChangesWhatTheChildReports(t *testing.T) {
	t.Parallel()
	var seen []connectivity.State
	p := newWrapped(t, compose.Wrapper[int]{State: func(child balancer.State) balancer.State {
		seen = append(seen, child.ConnectivityState)
		return balancer.State{ConnectivityState: connectivity.TransientFailure, Picker: failingWith(errTest)}
	}})
	p.children.only(t).report(connectivity.Ready, picking(balancer.PickResult{}))
	p.cc.want(t, "state TRANSIENT_FAILURE")
	if _, err := p.cc.Pick(); err != errTest || !slices.Equal(seen, []connectivity.State{connectivity.Ready}) {
		t.Errorf("pick: %v, seen %v, want the author's error, and READY", err, seen)
	}
}

func TestPublishReportsAtAnyTimeUntilClose(t *testing.T) {
	t.Parallel()
	p := newWrapped(t, compose.Wrapper[int]{})
	p.instance.Publish()
	p.children.only(t).report(connectivity.Ready, failingWith(errTest))
	p.instance.Publish()
	p.cc.want(t, "state CONNECTING", "state READY", "state READY")
	if _, err := p.cc.Pick(); err != errTest {
		t.Errorf("pick: %v, want the last picker's error", err)
	}
	p.policy.Close()
	p.instance.Publish()
	p.cc.want(t)
}

func TestPublishMayComeFromAPick(t *testing.T) {
	t.Parallel()
	var p *wrapped
	p = newWrapped(t, compose.Wrapper[int]{State: func(child balancer.State) balancer.State {
		child.Picker = pickerFunc(func(balancer.PickInfo) (balancer.PickResult, error) {
			p.instance.Publish()
			return balancer.PickResult{}, errTest
		})
		return child
	}})
	p.children.only(t).report(connectivity.Ready, failingWith(errTest))
	_, _ = p.cc.State().Picker.Pick(balancer.PickInfo{})
	p.cc.want(t, "state READY", "state READY")
}

// naming calls a function when it is asked for its name, which is before it builds.
type naming struct {
	*stubs
	onName func()
}

func (b naming) Name() string {
	b.onName()
	return b.stubs.Name()
}

func TestPublishMayComeBeforeTheChildIsBuilt(t *testing.T) {
	t.Parallel()
	var p *wrapped
	p = newWrapped(t, compose.Wrapper[int]{Update: func(c *compose.Child) error {
		c.Builder = naming{p.children, func() { p.instance.Publish() }}
		return nil
	}})
	if err := p.policy.UpdateClientConnState(balancer.ClientConnState{}); err != nil {
		t.Fatal(err)
	}
	p.children.only(t)
	for _, call := range p.cc.take() {
		if call != "state CONNECTING" {
			t.Errorf("call %q, want CONNECTING", call)
		}
	}
}

func TestAnInstanceHasWhatThePolicyWasBuiltWith(t *testing.T) {
	t.Parallel()
	p := newWrapped(t, compose.Wrapper[int]{})
	if p.instance.ClientConn != p.cc || p.instance.BuildOptions.Authority != "authority" {
		t.Errorf("instance %+v, want the ClientConn and the options of Build", p.instance)
	}
}

func TestANilPickerOfTheChildLetsRPCsWait(t *testing.T) {
	t.Parallel()
	p := newWrapped(t, compose.Wrapper[int]{State: func(child balancer.State) balancer.State {
		inner := child.Picker
		child.Picker = pickerFunc(func(info balancer.PickInfo) (balancer.PickResult, error) { return inner.Pick(info) })
		return child
	}})
	p.children.only(t).report(connectivity.Connecting, nil)
	if _, err := p.cc.State().Picker.Pick(balancer.PickInfo{}); err != balancer.ErrNoSubConnAvailable {
		t.Errorf("pick: %v, want ErrNoSubConnAvailable", err)
	}
}

func TestANilPickerOfTheAuthorReachesGRPC(t *testing.T) {
	t.Parallel()
	p := newWrapped(t, compose.Wrapper[int]{State: func(balancer.State) balancer.State { return balancer.State{} }})
	p.children.only(t).report(connectivity.Ready, failingWith(errTest))
	if got := p.cc.State().Picker; got != nil {
		t.Errorf("picker %v, want nil", got)
	}
}

func TestUpdateSeesAndChangesEachUpdate(t *testing.T) {
	t.Parallel()
	var refuse error
	updates := 0
	p := newWrapped(t, compose.Wrapper[int]{Update: func(c *compose.Child) error {
		updates++
		c.Name = fmt.Sprint(updates) // it is ignored
		c.ResolverState.Endpoints = c.ResolverState.Endpoints[:1]
		return refuse
	}})
	if len(p.children.built) != 0 {
		t.Error("the child was built before the first update")
	}
	update := balancer.ClientConnState{ResolverState: balancertest.ResolverState(balancertest.Endpoints("a:1", "b:1")...)}
	if err := p.policy.UpdateClientConnState(update); err != nil {
		t.Fatal(err)
	}
	child := p.children.only(t)
	if got := child.update.ResolverState.Endpoints; len(got) != 1 {
		t.Errorf("the child got %v, want one endpoint", got)
	}
	if err := p.policy.UpdateClientConnState(update); err != nil {
		t.Fatal(err)
	}
	p.children.only(t).want(t, "child 0: update", "child 0: update")
	refuse = errTest
	if err := p.policy.UpdateClientConnState(update); err != errTest {
		t.Errorf("error %v, want the author's", err)
	}
	child.want(t)
	p.cc.want(t)
}

func TestRPCsFailWhileThereIsNoChild(t *testing.T) {
	t.Parallel()
	refuse := errTest
	p := newWrapped(t, compose.Wrapper[int]{Update: func(*compose.Child) error { return refuse }})
	p.instance.Publish()
	p.cc.want(t)
	if err := p.policy.UpdateClientConnState(balancer.ClientConnState{}); err != errTest {
		t.Errorf("error %v, want the author's", err)
	}
	if _, err := p.cc.Pick(); err != errTest {
		t.Errorf("pick: %v, want the author's error", err)
	}
	p.policy.ResolverError(errTest)
	p.policy.ExitIdle()
	want := "test: no endpoints to pick from: name resolver error: test error"
	if _, err := p.cc.Pick(); fmt.Sprint(err) != want {
		t.Errorf("pick: %v, want %s", err, want)
	}
	p.cc.want(t, "state TRANSIENT_FAILURE", "state TRANSIENT_FAILURE")
	refuse = nil
	if err := p.policy.UpdateClientConnState(balancer.ClientConnState{}); err != nil {
		t.Error(err)
	}
	p.children.only(t).report(connectivity.Ready, failingWith(errTest))
	p.cc.want(t, "state READY")
}

func TestWrapPanicsWithoutABuilderOrAFunction(t *testing.T) {
	t.Parallel()
	wantPanic(t, "compose: wrap policy as test: nil builder", func() {
		compose.Wrap("test", nil, func(*compose.Instance) compose.Wrapper[int] { return compose.Wrapper[int]{} })
	})
	wantPanic(t, "compose: wrap policy as test: nil function", func() { compose.Wrap[int]("test", &stubs{}, nil) })
	wantPanic(t, "compose: split policy test: nil function", func() { compose.Split("test", nil) })
	wantPanic(t, "compose: build policy test: a Splitter needs Update and State", func() {
		compose.Split("test", func(*compose.Instance) compose.Splitter { return compose.Splitter{} }).Build(nil, balancer.BuildOptions{})
	})
}

func wantPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := fmt.Sprint(recover()); !strings.HasPrefix(got, want) {
			t.Errorf("panic %q, want %q", got, want)
		}
	}()
	f()
}
