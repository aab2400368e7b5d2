package balancertest

import (
	"net/url"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// Target is the dial target that policies built by [ClientConn.Build] see.
const Target = "test:///balancertest"

// ClientConn is a fake of the channel that a policy balances. It records what the
// policy does. Create one with [NewClientConn].
type ClientConn struct {
	// gRPC requires implementations to embed the interface, so that they survive
	// new methods. It is nil: this type defines each method that exists today.
	balancer.ClientConn

	tb     testing.TB
	serial serializer
	log    eventLog
	strict bool // watchState and watchNew are on; set before the policy is built

	mu              sync.Mutex // guards the fields below; never held during a call out of the package
	subConns        []*SubConn
	states          []connectivity.State
	last            balancer.State
	resolveNow      int
	newErr          error
	manualHealth    bool
	scaling         bool
	target          string
	closed          bool // a policy's Close has returned
	recordShutdowns bool
	shutdowns       []shutdownRecord
}

// NewClientConn returns a fake channel that reports misuse through tb.
func NewClientConn(tb testing.TB) *ClientConn {
	cc := &ClientConn{
		tb:     tb,
		target: Target,
		last:   balancer.State{ConnectivityState: connectivity.Connecting, Picker: queuePicker{}},
	}
	cc.serial.idle.L = &cc.serial.mu
	return cc
}

// Build builds a policy on the channel, as gRPC does when the service config
// selects it. The channel serializes the calls of the returned Policy with the
// SubConns' state changes.
func (cc *ClientConn) Build(b balancer.Builder) *Policy {
	cc.tb.Helper()
	return cc.BuildWithTarget(b, Target)
}

// BuildWithTarget is [ClientConn.Build] for a dial target other than [Target].
func (cc *ClientConn) BuildWithTarget(b balancer.Builder, target string) *Policy {
	cc.tb.Helper()
	u, err := url.Parse(target)
	if err != nil {
		cc.tb.Fatalf("balancertest: parse target %q: %v", target, err)
	}
	return cc.build(b, target, balancer.BuildOptions{Target: resolver.Target{URL: *u}})
}

// BuildWithOptions is [ClientConn.Build] for a policy that reads its build options,
// such as the channel's Authority. A Target that is not set stands for [Target].
func (cc *ClientConn) BuildWithOptions(b balancer.Builder, opts balancer.BuildOptions) *Policy {
	cc.tb.Helper()
	if opts.Target == (resolver.Target{}) {
		u, _ := url.Parse(Target)
		opts.Target = resolver.Target{URL: *u}
	}
	return cc.build(b, opts.Target.String(), opts)
}

func (cc *ClientConn) build(b balancer.Builder, target string, opts balancer.BuildOptions) *Policy {
	cc.tb.Helper()
	cc.mu.Lock()
	cc.target = target
	cc.mu.Unlock()
	if cc.log.enabled() {
		cc.log.note("build %s for %s", b.Name(), target)
	}
	p := &Policy{cc: cc, builder: b}
	p.call("Build", func() {
		p.policy = b.Build(channel{cc, p}, opts)
	})
	if p.policy == nil {
		cc.tb.Fatalf("balancertest: build %s: its builder returned nil", b.Name())
	}
	return p
}

// DeliverAfter runs f. State and health changes that f makes are delivered to the
// policy, in order, after f has returned. This imitates gRPC's queue of state
// changes: a policy that shuts one SubConn down may still receive a change of that
// SubConn that was already queued.
//
// The methods of [Policy] are not delayed. An update inside f reaches the policy
// before the state changes of f, and returns the policy's answer.
//
// If f panics or ends the test, the queued changes are dropped.
func (cc *ClientConn) DeliverAfter(f func()) { cc.serial.deliverAfter(f) }

// FailNewSubConn makes NewSubConn fail with err from now on. With nil it succeeds
// again.
func (cc *ClientConn) FailNewSubConn(err error) {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cc.newErr = err
}

// SetManualHealth chooses who sends the first health update. By default the channel
// sends READY to each health listener that is registered, as a channel without
// health checking does. With manual set, it sends nothing. In both cases the test
// may send updates with [SubConn.SetHealth].
func (cc *ClientConn) SetManualHealth(manual bool) {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cc.manualHealth = manual
}

// SetConnectionScaling chooses whether SubConns may have several connections, as
// gRFC A105 (connection scaling) allows. By default they have one, as in gRPC today.
// With scaling set, a SubConn that loses its connection need not become IDLE. It may go
// from READY to CONNECTING, because the attempt at another connection is under way, or
// to TRANSIENT_FAILURE, because that attempt has failed: see [SubConn.Connecting] and
// [SubConn.Fail].
func (cc *ClientConn) SetConnectionScaling(scaling bool) {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cc.scaling = scaling
}

// SubConns returns all SubConns made so far, in the order of their creation. It
// includes those that are shut down.
func (cc *ClientConn) SubConns() []*SubConn {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return slices.Clone(cc.subConns)
}

// Live returns the SubConns that are not shut down, in the order of their creation.
func (cc *ClientConn) Live() []*SubConn {
	return slices.DeleteFunc(cc.SubConns(), (*SubConn).IsShutdown)
}

// SubConn returns the live SubConn to the address. It fails the test unless there
// is exactly one.
func (cc *ClientConn) SubConn(addr string) *SubConn {
	cc.tb.Helper()
	found := slices.DeleteFunc(cc.Live(), func(sc *SubConn) bool { return sc.Addr() != addr })
	if len(found) != 1 {
		cc.tb.Fatalf("balancertest: find SubConn to %q: found %d, want 1; live: %v", addr, len(found), cc.Live())
	}
	return found[0]
}

// States returns the connectivity states that the policy reported, in order.
func (cc *ClientConn) States() []connectivity.State {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return slices.Clone(cc.states)
}

// State returns the policy's last report. Before the first report it returns
// CONNECTING with a picker that queues all RPCs, which is gRPC's initial state.
func (cc *ClientConn) State() balancer.State {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return cc.last
}

// ResolveNowCalls returns the number of ResolveNow calls of the policy.
func (cc *ClientConn) ResolveNowCalls() int {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return cc.resolveNow
}

// Record starts the record that [ClientConn.Events] returns. By default the
// channel keeps none.
func (cc *ClientConn) Record() { cc.log.on.Store(true) }

// Events returns the events since [ClientConn.Record], in order, one line each:
// the calls into the policy, and the calls that the policy made. The format may
// change: print the lines when a test fails, but do not parse them.
func (cc *ClientConn) Events() []string {
	cc.log.mu.Lock()
	defer cc.log.mu.Unlock()
	return slices.Clone(cc.log.lines)
}
