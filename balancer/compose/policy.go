package compose

import (
	"errors"
	"fmt"
	"sync"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// hooks are the author's functions, in the form for several children.
type hooks[S any] struct {
	update func(balancer.ClientConnState) ([]Child, error)
	state  func([]ChildState) balancer.State
	data   func([]resolver.Address) S // may be nil
	close  func()                     // may be nil
	holds  bool                       // a resolver update leads to exactly one report
}

// policy is the balancer of both Wrap and Split, which has one child or several.
//
// The lock order is: child policy, policy, ClientConn. A child calls UpdateState and
// NewSubConn with its mutex held, and these take mu. So no child is called under mu.
// The author's Update and State are, so that he needs no lock for what they share, and so
// is the ClientConn's UpdateState, so that reports come in the order of the changes.
type policy[S any] struct {
	cc    balancer.ClientConn
	opts  balancer.BuildOptions
	name  string
	hooks hooks[S] // set before the first child is built

	mu       sync.Mutex // guards the fields below, and those of slot and child that say so
	slots    []*slot[S] // in the order of the last update; it changes only in calls that gRPC serializes
	failure  error      // why there are no children
	holding  bool       // reports wait for release
	held     bool       // a report waits
	closed   bool
	dying    []balancer.SubConn // to shut down when the held report is out
	replaced []*child[S]        // to close
}

// UpdateClientConnState implements [balancer.Balancer].
func (p *policy[S]) UpdateClientConnState(s balancer.ClientConnState) error {
	defer p.closeReplaced()
	children, removed, err := p.begin(s)
	if err != nil {
		return err
	}
	err = p.updateChildren(children)
	p.release(true)
	for _, c := range removed {
		c.close()
	}
	return err
}

// begin lets the author see the update, and makes the slots match the answer. It
// returns the children to update, and those to close, which are ignored already.
func (p *policy[S]) begin(s balancer.ClientConnState) (children []Child, removed []*child[S], err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	children, err = p.hooks.update(s)
	if err == nil {
		err = p.check(children)
	}
	if err != nil {
		p.failLocked(err)
		return nil, nil, err
	}
	p.holding = p.hooks.holds
	return children, p.arrangeLocked(children), nil
}

// check returns an error for a list of children that cannot be built.
func (p *policy[S]) check(children []Child) error {
	names := make(map[string]struct{}, len(children))
	for _, c := range children {
		if c.Builder == nil {
			return fmt.Errorf("%s: update child %q: nil builder", p.name, c.Name)
		}
		if _, twice := names[c.Name]; twice {
			return fmt.Errorf("%s: update child %q: two children have this name", p.name, c.Name)
		}
		names[c.Name] = struct{}{}
	}
	return nil
}

// updateChildren passes the update on. If any child finds the resolver state bad, so
// does the policy: gRPC recognizes nothing but that very error. Otherwise the result
// names the children that returned errors.
func (p *policy[S]) updateChildren(children []Child) error {
	var errs []error
	for i, want := range children {
		c, err := p.childFor(p.slots[i], want.Builder)
		if err == nil {
			err = c.policy.UpdateClientConnState(want.ClientConnState)
		}
		if err != nil && p.hooks.holds {
			err = fmt.Errorf("%s: update child %q: %w", p.name, want.Name, err)
		}
		errs = append(errs, err)
	}
	if len(errs) == 1 && !p.hooks.holds {
		return errs[0]
	}
	err := errors.Join(errs...)
	if len(errs) == 0 || errors.Is(err, balancer.ErrBadResolverState) {
		return balancer.ErrBadResolverState
	}
	return err
}

// ResolverError implements [balancer.Balancer].
func (p *policy[S]) ResolverError(err error) {
	defer p.closeReplaced()
	p.beginError(err)
	for _, child := range p.newest() {
		child.ResolverError(err)
	}
	p.release(false)
}

func (p *policy[S]) beginError(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	//nolint:errorlint // the resolver does not decide the status of RPCs
	p.failLocked(fmt.Errorf("%s: no endpoints to pick from: name resolver error: %v", p.name, err))
	p.holding = p.hooks.holds
}

// ExitIdle implements [balancer.Balancer].
func (p *policy[S]) ExitIdle() {
	for _, child := range p.newest() {
		child.ExitIdle()
	}
}

// UpdateSubConnState implements [balancer.Balancer]. It is not called, because all
// SubConns have a StateListener.
func (p *policy[S]) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) {}

// Close implements [balancer.Balancer].
func (p *policy[S]) Close() {
	children, first := p.shut()
	for _, c := range children {
		c.close()
	}
	if first && p.hooks.close != nil {
		p.hooks.close()
	}
}

// shut makes the policy ignore its children. It returns all that are to be closed.
func (p *policy[S]) shut() (children []*child[S], first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first = !p.closed
	p.closed = true
	children, p.replaced = p.replaced, nil
	for _, s := range p.slots {
		children = append(children, s.leaveLocked()...)
	}
	p.slots = nil
	return children, first
}

// failLocked makes RPCs fail with the error if there are no children.
func (p *policy[S]) failLocked(err error) {
	if len(p.slots) == 0 {
		p.failure = err
		p.publishLocked()
	}
}

func (p *policy[S]) publish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.publishLocked()
}

// publishLocked reports the state to gRPC, now or in release.
func (p *policy[S]) publishLocked() {
	if p.closed || len(p.slots) == 0 && p.failure == nil {
		return
	}
	if p.holding {
		p.held = true
		return
	}
	p.held = false
	s := p.stateLocked()
	if s.Picker != nil {
		s.Picker = &picker[S]{inner: s.Picker, policy: p}
	}
	p.cc.UpdateState(s)
}

func (p *policy[S]) stateLocked() balancer.State {
	if len(p.slots) == 0 {
		return failing(p.failure)
	}
	states := make([]ChildState, len(p.slots))
	for i, s := range p.slots {
		states[i] = ChildState{Name: s.name, State: s.stateLocked()}
	}
	return p.hooks.state(states)
}

// release sends the report that was held back. A resolver update is always answered
// with a report, since parents such as weighted_target wait for one. SubConns are shut
// down afterwards: until then RPCs may choose them.
func (p *policy[S]) release(answer bool) {
	for _, sc := range p.releaseReport(answer) {
		sc.Shutdown()
	}
}

func (p *policy[S]) releaseReport(answer bool) (dying []balancer.SubConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := p.held || answer && p.holding
	p.holding = false
	if held {
		p.publishLocked()
	}
	dying, p.dying = p.dying, nil
	return dying
}

func failing(err error) balancer.State {
	return balancer.State{ConnectivityState: connectivity.TransientFailure, Picker: base.NewErrPicker(err)}
}
