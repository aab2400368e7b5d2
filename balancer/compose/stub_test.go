package compose_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	estats "google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

var errTest = errors.New("test error")

// calls is a list of calls in order.
type calls struct {
	mu   sync.Mutex
	list []string
}

func (c *calls) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, fmt.Sprintf(format, args...))
}

// take returns the calls since the last take.
func (c *calls) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.list
	c.list = nil
	return list
}

func (c *calls) want(t *testing.T, want ...string) {
	t.Helper()
	if got := c.take(); !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}

// stub is a policy that a test plays: it notes what it is told, and the test calls its
// ClientConn.
type stub struct {
	*calls
	name string
	cc   balancer.ClientConn
	opts balancer.BuildOptions
	err  error // of updates

	update      balancer.ClientConnState // the last
	onUpdate    func()
	onError     func()
	onClose     func()
	onExitIdle  func()
	onSubConn   func(balancer.SubConn, balancer.SubConnState)
	lastSubConn balancer.SubConn // of UpdateSubConnState
}

func (s *stub) UpdateClientConnState(u balancer.ClientConnState) error {
	s.note("%s: update", s.name)
	s.update = u
	do(s.onUpdate)
	return s.err
}

func (s *stub) ResolverError(err error) {
	s.note("%s: resolver error %v", s.name, err)
	do(s.onError)
}

func (s *stub) UpdateSubConnState(sc balancer.SubConn, state balancer.SubConnState) {
	s.note("%s: SubConn %v", s.name, state.ConnectivityState)
	s.lastSubConn = sc
	if s.onSubConn != nil {
		s.onSubConn(sc, state)
	}
}

func (s *stub) Close() {
	s.note("%s: close", s.name)
	do(s.onClose)
}

func (s *stub) ExitIdle() {
	s.note("%s: exit idle", s.name)
	do(s.onExitIdle)
}

func do(f func()) {
	if f != nil {
		f()
	}
}

func (s *stub) report(state connectivity.State, p balancer.Picker) {
	s.cc.UpdateState(balancer.State{ConnectivityState: state, Picker: p})
}

// newSubConn makes a SubConn with a StateListener that notes the state.
func (s *stub) newSubConn(t *testing.T, addr string) balancer.SubConn {
	t.Helper()
	sc, err := s.cc.NewSubConn([]resolver.Address{{Addr: addr}}, balancer.NewSubConnOptions{
		StateListener: func(state balancer.SubConnState) { s.note("%s: listener %v", s.name, state.ConnectivityState) },
	})
	if err != nil {
		t.Fatalf("new SubConn: %v", err)
	}
	return sc
}

// stubs builds stubs of one name.
type stubs struct {
	calls
	name    string
	onBuild func(*stub)
	refuse  bool // Build returns nil

	built []*stub
}

func (b *stubs) Name() string { return b.name }

func (b *stubs) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	if b.refuse {
		return nil
	}
	s := &stub{calls: &b.calls, name: fmt.Sprintf("%s %d", b.name, len(b.built)), cc: cc, opts: opts}
	b.built = append(b.built, s)
	if b.onBuild != nil {
		b.onBuild(s)
	}
	return s
}

// only returns the stub that was built.
func (b *stubs) only(t *testing.T) *stub {
	t.Helper()
	if len(b.built) != 1 {
		t.Fatalf("%d children, want 1", len(b.built))
	}
	return b.built[0]
}

// channel is a ClientConn that notes the calls of a policy, and whose SubConns do.
type channel struct {
	*balancertest.ClientConn
	calls
	recorder estats.MetricsRecorder

	onNewSubConn func()
}

func newChannel(t *testing.T) *channel {
	cc := balancertest.NewClientConn(t)
	return &channel{ClientConn: cc, recorder: &recorder{MetricsRecorder: cc.MetricsRecorder()}}
}

type recorder struct{ estats.MetricsRecorder }

func (c *channel) MetricsRecorder() estats.MetricsRecorder { return c.recorder }

func (c *channel) ResolveNow(resolver.ResolveNowOptions) { c.note("resolve now") }

func (c *channel) Target() string { return "the target" }

func (c *channel) UpdateState(s balancer.State) {
	c.note("state %v", s.ConnectivityState)
	c.ClientConn.UpdateState(s)
}

func (c *channel) UpdateAddresses(sc balancer.SubConn, addrs []resolver.Address) {
	c.note("update addresses of %v to %v", sc, addrs[0].Addr)
	sc.(*subConn).addrs = addrs
}

func (c *channel) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	inner, err := c.ClientConn.NewSubConn(addrs, opts)
	if err != nil {
		return nil, err
	}
	c.note("new SubConn to %v", addrs[0].Addr)
	do(c.onNewSubConn)
	return &subConn{SubConn: inner, channel: c, addrs: addrs, listener: opts.StateListener, opts: opts}, nil
}

// subConn is a SubConn of a channel.
type subConn struct {
	balancer.SubConn
	channel  *channel
	addrs    []resolver.Address
	opts     balancer.NewSubConnOptions
	listener func(balancer.SubConnState)
	health   func(balancer.SubConnState)
}

func (sc *subConn) String() string { return sc.addrs[0].Addr }

func (sc *subConn) Connect() { sc.channel.note("connect %v", sc) }

func (sc *subConn) Shutdown() { sc.channel.note("shut down %v", sc) }

func (sc *subConn) UpdateAddresses(addrs []resolver.Address) {
	sc.channel.note("%v: update addresses to %v", sc, addrs[0].Addr)
}

func (sc *subConn) GetOrBuildProducer(b balancer.ProducerBuilder) (balancer.Producer, func()) {
	return b.Build(sc)
}

func (sc *subConn) RegisterHealthListener(listener func(balancer.SubConnState)) {
	sc.channel.note("%v: health listener, nil: %t", sc, listener == nil)
	sc.health = listener
}

// pickerFunc is a Picker.
type pickerFunc func(balancer.PickInfo) (balancer.PickResult, error)

func (f pickerFunc) Pick(info balancer.PickInfo) (balancer.PickResult, error) { return f(info) }

// picking returns a picker that always returns the result.
func picking(res balancer.PickResult) balancer.Picker {
	return pickerFunc(func(balancer.PickInfo) (balancer.PickResult, error) { return res, nil })
}

func failingWith(err error) balancer.Picker { return base.NewErrPicker(err) }
