package balancertest

import (
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/resolver"
)

// Target is the dial target that policies built by [ClientConn.Build] see.
const Target = "test:///balancertest"

// ClientConn is a fake of the channel that a policy works for. It records what
// the policy does. Make one with [NewClientConn].
type ClientConn struct {
	// Embedded, as gRPC demands, so that methods added to the interface do not
	// break users. It is nil: each method that exists today is defined here.
	balancer.ClientConn

	tb     testing.TB
	serial serializer
	log    eventLog
	strict bool // misuse fails the test; set before the policy is built

	mu           sync.Mutex // guards the fields below; no call leaves the package under it
	subConns     []*SubConn
	states       []connectivity.State
	last         balancer.State
	resolveNow   int
	newErr       error
	manualHealth bool
	target       string
	closed       bool // a policy's Close has returned
	watching     bool // closings are noted
	closings     []closing
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
// selects it. The calls of the returned Policy are serialized with the
// SubConns' state changes.
func (cc *ClientConn) Build(b balancer.Builder) *Policy {
	cc.tb.Helper()
	return cc.BuildWithTarget(b, Target)
}

// BuildWithTarget is [ClientConn.Build] for another dial target than [Target].
func (cc *ClientConn) BuildWithTarget(b balancer.Builder, target string) *Policy {
	cc.tb.Helper()
	u, err := url.Parse(target)
	if err != nil {
		cc.tb.Fatalf("balancertest: parse target %q: %v", target, err)
	}
	cc.mu.Lock()
	cc.target = target
	cc.mu.Unlock()
	if cc.log.enabled() {
		cc.log.note("build %s for %s", b.Name(), target)
	}
	p := &Policy{cc: cc, builder: b}
	p.call("Build", func() {
		p.policy = b.Build(channel{cc, p}, balancer.BuildOptions{Target: resolver.Target{URL: *u}})
	})
	if p.policy == nil {
		cc.tb.Fatalf("balancertest: build %s: its builder returned nil", b.Name())
	}
	return p
}

// Together has all that f does to SubConns happen before the policy hears of any
// of it. So a policy may hear from a SubConn that it has just shut down, as in
// gRPC, where state changes wait in a queue: of two SubConns that are READY
// together, the second is told after the first was chosen.
//
// The methods of [Policy] are not held back. An update inside f comes before the
// state changes and returns the policy's answer.
//
// If f panics or ends the test, the policy hears of nothing that was held back.
func (cc *ClientConn) Together(f func()) { cc.serial.together(f) }

// FailNewSubConn makes NewSubConn fail with err from now on; nil ends that.
func (cc *ClientConn) FailNewSubConn(err error) {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cc.newErr = err
}

// SetManualHealth chooses where health updates come from. By default a SubConn
// whose policy registers a health listener is healthy at once, as in a channel
// without health checking. With manual set, the test sends each update with
// [SubConn.SetHealth].
func (cc *ClientConn) SetManualHealth(manual bool) {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cc.manualHealth = manual
}

// SubConns returns all SubConns made so far, in the order in which they were
// made, those that are shut down included.
func (cc *ClientConn) SubConns() []*SubConn {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return slices.Clone(cc.subConns)
}

// Live returns the SubConns that are not shut down, in the order in which they
// were made.
func (cc *ClientConn) Live() []*SubConn {
	return slices.DeleteFunc(cc.SubConns(), (*SubConn).IsShutdown)
}

// SubConn returns the live SubConn to the address and fails the test if there
// is not exactly one.
func (cc *ClientConn) SubConn(addr string) *SubConn {
	cc.tb.Helper()
	found := slices.DeleteFunc(cc.Live(), func(sc *SubConn) bool { return sc.Addr() != addr })
	if len(found) != 1 {
		cc.tb.Fatalf("balancertest: find SubConn to %q: %d of them, want 1; live: %v", addr, len(found), cc.Live())
	}
	return found[0]
}

// States returns the connectivity states that the policy reported, in order.
func (cc *ClientConn) States() []connectivity.State {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return slices.Clone(cc.states)
}

// State returns what the policy reported last. Before its first report that is
// CONNECTING with a picker that queues, as gRPC takes it.
func (cc *ClientConn) State() balancer.State {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return cc.last
}

// ResolveNowCalls returns how often the policy asked for a new resolution.
func (cc *ClientConn) ResolveNowCalls() int {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return cc.resolveNow
}

// NewSubConn implements [balancer.ClientConn].
func (cc *ClientConn) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	return cc.newSubConn(nil, addrs, opts)
}

func (cc *ClientConn) newSubConn(by *Policy, addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	if cc.strict {
		cc.watchNew(addrs)
	}
	cc.mu.Lock()
	defer cc.mu.Unlock()
	if cc.newErr != nil {
		return nil, cc.newErr
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("balancertest: make SubConn: empty address list")
	}
	sc := &SubConn{
		cc:       cc,
		id:       len(cc.subConns),
		policy:   by,
		addrs:    slices.Clone(addrs),
		listener: opts.StateListener,
		state:    connectivity.Idle,
	}
	cc.subConns = append(cc.subConns, sc)
	if cc.log.enabled() {
		cc.log.note("%s: made", sc.labelLocked())
	}
	return sc, nil
}

// RemoveSubConn implements [balancer.ClientConn]; it is [SubConn.Shutdown].
func (cc *ClientConn) RemoveSubConn(sc balancer.SubConn) { sc.Shutdown() }

// UpdateAddresses implements [balancer.ClientConn]; it is
// [SubConn.UpdateAddresses].
func (cc *ClientConn) UpdateAddresses(sc balancer.SubConn, addrs []resolver.Address) {
	if own, ok := sc.(*SubConn); ok {
		own.UpdateAddresses(addrs)
		return
	}
	cc.tb.Errorf("balancertest: update addresses: SubConn is a %T, not one that NewSubConn returned", sc)
}

// UpdateState implements [balancer.ClientConn].
func (cc *ClientConn) UpdateState(s balancer.State) {
	if cc.strict {
		cc.watchState(s)
	}
	cc.mu.Lock()
	defer cc.mu.Unlock()
	if cc.log.enabled() {
		cc.log.note("policy reports %v, picker %T", s.ConnectivityState, s.Picker)
	}
	cc.states = append(cc.states, s.ConnectivityState)
	cc.last = s
}

// ResolveNow implements [balancer.ClientConn].
func (cc *ClientConn) ResolveNow(resolver.ResolveNowOptions) {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cc.resolveNow++
	if cc.log.enabled() {
		cc.log.note("policy asks for a new resolution")
	}
}

// Target implements [balancer.ClientConn].
func (cc *ClientConn) Target() string {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return cc.target
}

// MetricsRecorder implements [balancer.ClientConn]; it records nothing.
func (cc *ClientConn) MetricsRecorder() stats.MetricsRecorder {
	return stats.UnimplementedMetricsRecorder{}
}

// channel is the ClientConn as one policy sees it. It knows which SubConns are
// the policy's.
type channel struct {
	*ClientConn
	policy *Policy
}

// NewSubConn implements [balancer.ClientConn].
func (c channel) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	return c.newSubConn(c.policy, addrs, opts)
}

type queuePicker struct{}

func (queuePicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}
