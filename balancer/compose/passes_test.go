package compose_test

import (
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/compose"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// passing is a child under one or more policies that change nothing.
type passing struct {
	cc     *channel
	policy balancer.Balancer // the outermost
	child  *stub
}

var addr1, addr2 = []resolver.Address{{Addr: "a:1"}}, []resolver.Address{{Addr: "b:1"}}

// TestWhatAPolicyDoesNotChangePassesThrough has a row for all that a child says to gRPC and gRPC to a child.
func TestWhatAPolicyDoesNotChangePassesThrough(t *testing.T) {
	t.Parallel()
	meter := metrics.New().Instrument
	for how, wrap := range map[string]func(balancer.Builder) balancer.Builder{
		"wrapped":          func(b balancer.Builder) balancer.Builder { return nothing("test", b) },
		"wrapped twice":    func(b balancer.Builder) balancer.Builder { return nothing("outer", nothing("inner", b)) },
		"metered outside":  func(b balancer.Builder) balancer.Builder { return meter(nothing("test", b)) },
		"metered inside":   func(b balancer.Builder) balancer.Builder { return nothing("test", meter(b)) },
		"of a Splitter":    func(b balancer.Builder) balancer.Builder { return single("test", b) },
		"split, wrapped":   func(b balancer.Builder) balancer.Builder { return nothing("outer", single("inner", b)) },
		"wrapped, a split": func(b balancer.Builder) balancer.Builder { return single("outer", nothing("inner", b)) },
	} {
		for _, row := range passings() {
			t.Run(how+"/"+row.name, func(t *testing.T) {
				t.Parallel()
				children := &stubs{name: "child"}
				cc := newChannel(t)
				p := passing{cc: cc, policy: wrap(children).Build(cc, balancer.BuildOptions{Authority: "authority"})}
				if err := p.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: balancertest.ResolverState(balancertest.Endpoint("a:1"))}); err != nil {
					t.Fatal(err)
				}
				p.child = children.only(t)
				cc.take()
				p.child.take()
				row.test(t, p)
				p.policy.Close()
			})
		}
	}
}

type passingRow struct {
	name string
	test func(*testing.T, passing)
}

func passings() []passingRow {
	return append([]passingRow{
		{"UpdateAddresses of the ClientConn", testUpdateAddressesOfClientConn},
		{"UpdateAddresses of the SubConn", testUpdateAddressesOfSubConn},
		{"producers get gRPC's SubConn", testProducer},
		{"health listeners", testHealthListener},
		{"states by StateListener", testStateListener},
		{"states by UpdateSubConnState", testUpdateSubConnState},
		{"options of a SubConn", testSubConnOptions},
		{"Connect and Shutdown", testConnectAndShutdown},
		{"RemoveSubConn", testRemoveSubConn},
		{"errors of NewSubConn", testNewSubConnError},
		{"ResolveNow, Target and MetricsRecorder", testOthers},
		{"ResolverError and ExitIdle", testResolverErrorAndExitIdle},
		{"the resolver update", testUpdate},
		{"build options", testBuildOptions},
		{"each state, also the same again", testStates},
		{"the name of a SubConn", testString},
	}, passingPicks()...)
}

func passingPicks() []passingRow {
	return []passingRow{
		{"a pick, with Done and metadata", testPick},
		{"ErrNoSubConnAvailable itself", func(t *testing.T, p passing) { testPickError(t, p, balancer.ErrNoSubConnAvailable) }},
		{"a status error", func(t *testing.T, p passing) { testPickError(t, p, status.Error(codes.ResourceExhausted, "dropped")) }},
		{"another error", func(t *testing.T, p passing) { testPickError(t, p, errTest) }},
		{"a pick of a foreign SubConn", testForeignPick},
	}
}

func testUpdateAddressesOfClientConn(t *testing.T, p passing) {
	sc := p.child.newSubConn(t, "a:1")
	p.child.cc.UpdateAddresses(sc, addr2)
	p.cc.want(t, "new SubConn to a:1", "update addresses of a:1 to b:1")
}

func testUpdateAddressesOfSubConn(t *testing.T, p passing) {
	p.child.newSubConn(t, "a:1").UpdateAddresses(addr2)
	p.cc.want(t, "new SubConn to a:1", "a:1: update addresses to b:1")
}

type producers struct{ subConn any }

func (b *producers) Build(conn any) (balancer.Producer, func()) {
	b.subConn = conn
	return "producer", func() {}
}

func testProducer(t *testing.T, p passing) {
	sc := p.child.newSubConn(t, "a:1")
	b := &producers{}
	if got, _ := sc.GetOrBuildProducer(b); got != "producer" {
		t.Errorf("producer %v, want the built one", got)
	}
	if _, ok := b.subConn.(*subConn); !ok {
		t.Errorf("the producer was built with a %T, want the channel's SubConn", b.subConn)
	}
}

func testHealthListener(t *testing.T, p passing) {
	sc := p.child.newSubConn(t, "a:1")
	inner := grpcSubConn(t, p, sc)
	inner.listener(balancer.SubConnState{ConnectivityState: connectivity.Ready})
	var got balancer.SubConnState
	sc.RegisterHealthListener(func(s balancer.SubConnState) { got = s })
	inner.health(balancer.SubConnState{ConnectivityState: connectivity.TransientFailure, ConnectionError: errTest})
	if got.ConnectivityState != connectivity.TransientFailure || got.ConnectionError != errTest {
		t.Errorf("health %v, want TRANSIENT_FAILURE with its error", got)
	}
	sc.RegisterHealthListener(nil)
	p.cc.want(t, "new SubConn to a:1", "a:1: health listener, nil: false", "a:1: health listener, nil: true")
}

func testStateListener(t *testing.T, p passing) {
	var got []balancer.SubConnState
	sc, err := p.child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{StateListener: func(s balancer.SubConnState) { got = append(got, s) }})
	if err != nil {
		t.Fatal(err)
	}
	inner := grpcSubConn(t, p, sc)
	want := []balancer.SubConnState{
		{ConnectivityState: connectivity.Connecting},
		{ConnectivityState: connectivity.TransientFailure, ConnectionError: errTest},
		{ConnectivityState: connectivity.Shutdown},
	}
	for _, s := range want {
		inner.listener(s)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the listener got %v, want %v", got, want)
	}
	p.child.want(t) // and UpdateSubConnState nothing
}

func testUpdateSubConnState(t *testing.T, p passing) {
	sc, err := p.child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	grpcSubConn(t, p, sc).listener(balancer.SubConnState{ConnectivityState: connectivity.Connecting})
	p.child.want(t, "child 0: SubConn CONNECTING")
	if p.child.lastSubConn != sc {
		t.Errorf("UpdateSubConnState got %v, want the child's SubConn", p.child.lastSubConn)
	}
}

func testSubConnOptions(t *testing.T, p passing) {
	sc, err := p.child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{HealthCheckEnabled: true})
	if err != nil {
		t.Fatal(err)
	}
	if !grpcSubConn(t, p, sc).opts.HealthCheckEnabled {
		t.Error("HealthCheckEnabled is not passed on")
	}
}

func testConnectAndShutdown(t *testing.T, p passing) {
	sc := p.child.newSubConn(t, "a:1")
	sc.Connect()
	sc.Shutdown()
	p.cc.want(t, "new SubConn to a:1", "connect a:1", "shut down a:1")
	p.policy.Close()
	p.cc.want(t) // it is not shut down again
}

func testRemoveSubConn(t *testing.T, p passing) {
	p.child.cc.RemoveSubConn(p.child.newSubConn(t, "a:1"))
	got := p.cc.take()
	if len(got) != 2 || got[1] != "shut down a:1" {
		t.Errorf("calls %q, want a shutdown of the SubConn", got)
	}
}

func testNewSubConnError(t *testing.T, p passing) {
	p.cc.FailNewSubConn(errTest)
	if _, err := p.child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{}); err != errTest {
		t.Errorf("error %v, want the channel's", err)
	}
}

func testOthers(t *testing.T, p passing) {
	p.child.cc.ResolveNow(resolver.ResolveNowOptions{})
	p.cc.want(t, "resolve now")
	if got := p.child.cc.Target(); got != "the target" {
		t.Errorf("target %q", got)
	}
	if p.child.cc.MetricsRecorder() == nil {
		t.Error("no MetricsRecorder")
	}
}

func testResolverErrorAndExitIdle(t *testing.T, p passing) {
	p.policy.ResolverError(errTest)
	p.policy.ExitIdle()
	p.child.want(t, "child 0: resolver error test error", "child 0: exit idle")
	p.cc.want(t) // nothing was said
}

func testUpdate(t *testing.T, p passing) {
	want := balancer.ClientConnState{ResolverState: balancertest.ResolverState(balancertest.WithAttribute(balancertest.Endpoint("c:1", "d:1"), "k", "v"))}
	want.ResolverState.Attributes = want.ResolverState.Attributes.WithValue("all", 1)
	p.child.err = balancer.ErrBadResolverState
	if err := p.policy.UpdateClientConnState(want); err != balancer.ErrBadResolverState {
		t.Errorf("error %v, want the child's", err)
	}
	if got := p.child.update; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("update %v, want %v", got, want)
	}
}

func testBuildOptions(t *testing.T, p passing) {
	if p.child.opts.Authority != "authority" {
		t.Errorf("build options %+v, want those of the policy", p.child.opts)
	}
}

func testStates(t *testing.T, p passing) {
	for _, s := range []connectivity.State{connectivity.Connecting, connectivity.Ready, connectivity.Ready, connectivity.Idle, connectivity.TransientFailure} {
		p.child.report(s, failingWith(balancer.ErrNoSubConnAvailable))
	}
	p.cc.want(t, "state CONNECTING", "state READY", "state READY", "state IDLE", "state TRANSIENT_FAILURE")
}

func testString(t *testing.T, p passing) {
	if got := fmt.Sprint(p.child.newSubConn(t, "a:1")); got != "a:1" {
		t.Errorf("%q, want the channel's name of it", got)
	}
}

func testPick(t *testing.T, p passing) {
	var ended []balancer.DoneInfo
	md := metadata.Pairs("k", "v")
	sc := p.child.newSubConn(t, "a:1")
	p.child.report(connectivity.Ready, picking(balancer.PickResult{
		SubConn: sc, Metadata: md, Done: func(i balancer.DoneInfo) { ended = append(ended, i) },
	}))
	res, err := p.cc.State().Picker.Pick(balancer.PickInfo{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := res.SubConn.(*subConn); !ok {
		t.Errorf("the pick has a %T, want the channel's SubConn", res.SubConn)
	}
	if fmt.Sprint(res.Metadata) != fmt.Sprint(md) {
		t.Errorf("metadata %v, want %v", res.Metadata, md)
	}
	res.Done(balancer.DoneInfo{Err: errTest, BytesSent: true})
	if len(ended) != 1 || ended[0].Err != errTest || !ended[0].BytesSent {
		t.Errorf("Done %v, want one call with the DoneInfo", ended)
	}
}

// gRPC compares ErrNoSubConnAvailable with ==, and takes a status only from the error
// itself if the RPC is not to be retried.
func testPickError(t *testing.T, p passing, want error) {
	p.child.report(connectivity.TransientFailure, failingWith(want))
	if _, err := p.cc.State().Picker.Pick(balancer.PickInfo{}); err != want {
		t.Errorf("error %v, want %v itself", err, want)
	}
}

// gRPC logs the mistake.
func testForeignPick(t *testing.T, p passing) {
	foreign := balancertest.NewClientConn(t)
	sc, err := foreign.NewSubConn(addr1, balancer.NewSubConnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p.child.report(connectivity.Ready, picking(balancer.PickResult{SubConn: sc}))
	if res, err := p.cc.State().Picker.Pick(balancer.PickInfo{}); err != nil || res.SubConn != sc {
		t.Errorf("picked %v, %v, want the child's result", res.SubConn, err)
	}
}

// It would be worse if the RPC went to a backend of another channel.
func TestASubConnOfAnotherInstanceIsNotPicked(t *testing.T) {
	t.Parallel()
	p, other := newWrapped(t, compose.Wrapper[int]{}), newWrapped(t, compose.Wrapper[int]{})
	sc := other.children.only(t).newSubConn(t, "a:1")
	p.children.only(t).report(connectivity.Ready, picking(balancer.PickResult{SubConn: sc}))
	if res, err := p.cc.State().Picker.Pick(balancer.PickInfo{}); err != nil || res.SubConn != sc {
		t.Errorf("picked %v, %v, want what gRPC refuses", res.SubConn, err)
	}
}

func TestAnErrorOfAnUpdateIsTheChilds(t *testing.T) {
	t.Parallel()
	p := newWrapped(t, compose.Wrapper[int]{})
	p.children.only(t).err = errTest
	if err := p.policy.UpdateClientConnState(balancer.ClientConnState{}); err != errTest {
		t.Errorf("error %v, want the child's itself", err)
	}
}

// grpcSubConn returns the channel's SubConn that the child's stands for.
func grpcSubConn(t *testing.T, _ passing, sc balancer.SubConn) *subConn {
	t.Helper()
	b := &producers{}
	sc.GetOrBuildProducer(b)
	inner, ok := b.subConn.(*subConn)
	if !ok {
		t.Fatal(errors.New("the SubConn is not the channel's"))
	}
	return inner
}

// metrics and compose pass a parent's recorder on, since the decorator looks for its own
// in it.
func TestTheMetricsRecorderIsTheOneOfTheChannel(t *testing.T) {
	t.Parallel()
	children := &stubs{name: "child"}
	cc := newChannel(t)
	nothing("test", children).Build(cc, balancer.BuildOptions{})
	if got := children.only(t).cc.MetricsRecorder(); got != cc.recorder {
		t.Errorf("recorder %v, want the channel's", got)
	}
}

func TestAChildMayReportFromInsideBuild(t *testing.T) {
	t.Parallel()
	children := &stubs{name: "child", onBuild: func(s *stub) {
		s.report(connectivity.Idle, failingWith(errTest))
	}}
	cc := newChannel(t)
	p := nothing("outer", nothing("inner", children)).Build(cc, balancer.BuildOptions{})
	cc.want(t, "state IDLE")
	p.Close()
}

func TestAPolicyWhoseChildIsNotBuiltIsNotBuilt(t *testing.T) {
	t.Parallel()
	if p := nothing("test", &stubs{refuse: true}).Build(newChannel(t), balancer.BuildOptions{}); p != nil {
		t.Errorf("built %v, want nil as the child's builder returned", p)
	}
}

// gRPC sends no event before a policy is built, but a parent may build its children in
// goroutines.
func TestEventsFromInsideBuildReachTheChild(t *testing.T) {
	t.Parallel()
	children := &stubs{name: "child"}
	cc := newChannel(t)
	children.onBuild = func(s *stub) {
		sc, err := s.cc.NewSubConn(addr1, balancer.NewSubConnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		inner := grpcSubConn(t, passing{}, sc)
		inner.listener(balancer.SubConnState{ConnectivityState: connectivity.Connecting})
		s.onSubConn = func(_ balancer.SubConn, state balancer.SubConnState) {
			if state.ConnectivityState == connectivity.Connecting { // an event during the early ones
				inner.listener(balancer.SubConnState{ConnectivityState: connectivity.Ready})
				s.note("CONNECTING is handled")
			}
		}
	}
	nothing("test", children).Build(cc, balancer.BuildOptions{})
	children.want(t, "child 0: SubConn CONNECTING", "CONNECTING is handled", "child 0: SubConn READY")
}

func TestTheConfigOfAChildPassesThrough(t *testing.T) {
	t.Parallel()
	if _, takes := nothing("test", &stubs{name: "child"}).(balancer.ConfigParser); takes {
		t.Error("the policy takes a config, though its child takes none")
	}
	b := nothing("test", chosenBuilder())
	if _, err := b.(balancer.ConfigParser).ParseConfig([]byte(`{"childPolicy": 1}`)); err == nil {
		t.Error("no error, want that of the child's parser")
	}
	config, err := b.(balancer.ConfigParser).ParseConfig([]byte(`{"childPolicy": [{"pick_first": {}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := config.(*chosenConfig); !ok {
		t.Errorf("config %T, want the child's", config)
	}
	if got := b.Name(); got != "test" {
		t.Errorf("name %q, want the given one", got)
	}
}
