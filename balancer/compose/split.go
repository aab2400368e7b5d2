package compose

import (
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
)

// Splitter is what the author of a policy with several children writes. Update and
// State are required.
type Splitter struct {
	// Update returns the children that there are to be after a resolver update, each
	// under its own name. A name that is new gets a new child. The children of names
	// that are no longer in the list are closed. The others get their update.
	//
	// Children get the Endpoints of their ResolverState; Split sets Addresses to match.
	// Empty lists are answered with [balancer.ErrBadResolverState], and RPCs fail. If
	// Update returns an error, nothing changes, and gRPC gets the error.
	Update func(balancer.ClientConnState) ([]Child, error)

	// State returns what to report to gRPC. It gets what each child reported last, or
	// CONNECTING before that, in the order of the last Update. There is at least one.
	// The author may keep the slice.
	//
	// State is called once for each resolver update, when a child reports at another
	// time, and by [Instance.Publish]. State and Update are called one at a time and
	// with a lock held: they must not call Publish.
	State func(children []ChildState) balancer.State

	// Close, if it is not nil, is called once, when the children are closed. State and
	// Update are not called later; picks and their Done functions may be.
	Close func()
}

// Child is a child policy that the author wants.
type Child struct {
	// Name identifies the child among those of a Splitter. A Wrapper ignores it.
	Name string

	// Builder builds the child. If its name has changed, the new child replaces the
	// old one as soon as it is no longer CONNECTING or the old one is not READY.
	Builder balancer.Builder

	// What the child gets: its endpoints and its config. It must come from Builder's
	// ParseConfig.
	balancer.ClientConnState
}

// ChildState is what a child has reported last.
type ChildState struct {
	Name string
	balancer.State
}

// Split returns a builder of policies that have the given name and several children.
// For each policy it calls split, which may be called concurrently.
//
// The builder takes no config. For a policy with a config, embed the builder in a type
// that has the method ParseConfig; see [ChildPolicy].
//
// Split panics if split is nil.
func Split(name string, split func(*Instance) Splitter) balancer.Builder {
	if split == nil {
		panic(fmt.Sprintf("compose: split policy %s: nil function", name))
	}
	return &splitBuilder{name: name, split: split}
}

type splitBuilder struct {
	name  string
	split func(*Instance) Splitter
}

// Name implements [balancer.Builder].
func (b *splitBuilder) Name() string { return b.name }

// Build implements [balancer.Builder].
func (b *splitBuilder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	p := &policy[struct{}]{cc: cc, opts: opts, name: b.name}
	s := b.split(p.instance())
	if s.Update == nil || s.State == nil {
		panic(fmt.Sprintf("compose: build policy %s: a Splitter needs Update and State", b.name))
	}
	p.hooks = hooks[struct{}]{state: s.State, close: s.Close, holds: true}
	p.hooks.update = func(cs balancer.ClientConnState) ([]Child, error) {
		children, err := s.Update(cs)
		for i := range children {
			rs := &children[i].ResolverState
			rs.Addresses = addresses(rs.Endpoints)
		}
		return children, err
	}
	return p
}

// addresses returns the addresses of the endpoints, for policies that read those. The
// endpoints' attributes are where such policies look for them.
func addresses(endpoints []resolver.Endpoint) []resolver.Address {
	var all []resolver.Address
	for _, e := range endpoints {
		for _, a := range e.Addresses {
			if e.Attributes != nil {
				a.BalancerAttributes = e.Attributes
			}
			all = append(all, a)
		}
	}
	return all
}
