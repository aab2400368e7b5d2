package compose

import (
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
)

// slot is the place of the child of one name. When a config chooses another policy, the
// slot has two children, until the new one can take over. The mutex of the policy
// guards the fields.
type slot[S any] struct {
	name    string
	current *child[S] // nil only until the first child is there
	pending *child[S] // nil, or the successor
}

// newestLocked returns the child that gets updates, or nil.
func (s *slot[S]) newestLocked() *child[S] {
	if s.pending != nil {
		return s.pending
	}
	return s.current
}

func (s *slot[S]) stateLocked() balancer.State {
	if s.current == nil { // Publish came before the child was built
		return connecting()
	}
	return s.current.state
}

// leaveLocked makes the policy ignore the children, and returns them to be closed.
func (s *slot[S]) leaveLocked() (children []*child[S]) {
	for _, c := range []*child[S]{s.current, s.pending} {
		if c != nil {
			c.closed = true
			children = append(children, c)
		}
	}
	return children
}

// addLocked takes in a new child, as the current one or its successor.
func (s *slot[S]) addLocked(c *child[S]) {
	if s.current == nil {
		s.current = c
		return
	}
	if s.pending != nil {
		c.parent.replaceLocked(s.pending)
	}
	s.pending = c
}

// reportLocked takes note that c, which is in the slot, has a new state. It reports
// whether the slot has. The rules for a successor are gRPC's: it takes over when it
// has left CONNECTING, or at once if the current child is not READY.
func (s *slot[S]) reportLocked(c *child[S]) (changed bool) {
	if s.pending == nil {
		return true
	}
	ready := s.current.state.ConnectivityState == connectivity.Ready
	if ready && (c == s.current || c.state.ConnectivityState == connectivity.Connecting) {
		return c == s.current
	}
	c.parent.replaceLocked(s.current)
	s.current, s.pending = s.pending, nil
	return true
}

// replaceLocked makes the policy ignore the child, and keeps it to be closed by
// closeReplaced.
func (p *policy[S]) replaceLocked(c *child[S]) {
	c.closed = true
	p.replaced = append(p.replaced, c)
}

// closeReplaced closes the children that others have replaced. A child may be replaced
// while its successor reports a state, possibly with a mutex held and from any
// goroutine. It is therefore closed at the end of the next call that gRPC serializes,
// which is nearly always the one that led to the report.
func (p *policy[S]) closeReplaced() {
	for _, c := range p.takeReplaced() {
		c.close()
	}
}

func (p *policy[S]) takeReplaced() (children []*child[S]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	children, p.replaced = p.replaced, nil
	return children
}

// arrangeLocked makes the slots match the list. It returns the children of the slots
// that are gone, to be closed.
func (p *policy[S]) arrangeLocked(children []Child) (removed []*child[S]) {
	old := make(map[string]*slot[S], len(p.slots))
	for _, s := range p.slots {
		old[s.name] = s
	}
	p.slots = make([]*slot[S], len(children))
	for i, c := range children {
		s := old[c.Name]
		if s == nil {
			s = &slot[S]{name: c.Name}
		}
		delete(old, c.Name)
		p.slots[i] = s
	}
	for _, s := range old {
		removed = append(removed, s.leaveLocked()...)
	}
	if len(children) == 0 {
		p.failure = fmt.Errorf("%s: no children to pick from: the resolver update has none", p.name)
	}
	return removed
}

// childFor returns the slot's newest child. It builds one if there is none, or if the
// newest is another policy.
func (p *policy[S]) childFor(s *slot[S], b balancer.Builder) (*child[S], error) {
	c := p.newestOf(s)
	if c == nil || c.builder != b.Name() {
		c = newChild(p, s, b)
	}
	if c.policy == nil {
		err := fmt.Errorf("compose: build policy %s: its builder returned nil", b.Name())
		c.UpdateState(failing(err))
		return nil, err
	}
	return c, nil
}

func (p *policy[S]) newestOf(s *slot[S]) *child[S] {
	p.mu.Lock()
	defer p.mu.Unlock()
	return s.newestLocked()
}

// newest returns the policies that get updates, without those that are being built.
func (p *policy[S]) newest() (policies []balancer.Balancer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.slots {
		if c := s.newestLocked(); c != nil && c.policy != nil {
			policies = append(policies, c.policy)
		}
	}
	return policies
}

// connecting is what gRPC assumes of a policy that has not reported yet.
func connecting() balancer.State {
	return balancer.State{ConnectivityState: connectivity.Connecting, Picker: base.NewErrPicker(balancer.ErrNoSubConnAvailable)}
}
