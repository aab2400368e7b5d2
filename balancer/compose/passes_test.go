package compose_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
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
