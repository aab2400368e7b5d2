// Package exampleresolver is a name resolver that says what it is told to, with
// the one thing that most resolvers leave out: the TLS name of each server.
//
// Without it gRPC expects every server of a channel to prove the channel's own
// name. Where each server has a certificate for its own name only, no
// connection comes about.
package exampleresolver

import (
	"net"
	"sync"

	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
)

// Scheme is what targets for this resolver begin with: example:///NAME.
const Scheme = "example"

// Options change what [State] says of the backends.
type Options struct {
	// ChannelName leaves out the servers' own names, so that each must prove
	// the name of the channel.
	ChannelName bool
	// DialNames gives NAME:PORT in place of the address; the system resolves
	// the name when gRPC connects.
	DialNames bool
}

// State returns what a resolver reports to reach the backends: an endpoint of
// one address for each, in the same order.
func State(backends []backend.Backend, options Options) resolver.State {
	var state resolver.State
	for _, b := range backends {
		address := resolver.Address{Addr: b.Addr, ServerName: b.Name}
		if options.ChannelName {
			address.ServerName = ""
		}
		if options.DialNames {
			address.Addr = net.JoinHostPort(b.Name, b.Port())
		}
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{address}})
	}
	return state
}

// Resolver is both the builder that a channel gets through grpc.WithResolvers
// and the resolver that it builds. It serves one channel. Its methods are safe
// for concurrent use.
type Resolver struct {
	mu    sync.Mutex // held while the channel takes a state, so that the last one told is the last one taken
	state resolver.State
	cc    resolver.ClientConn // nil while the channel has not asked, or is idle or closed
}

// New returns a resolver that reports state until [Resolver.Update] is called.
func New(state resolver.State) *Resolver {
	return &Resolver{state: state}
}

// Update makes the resolver report state from now on. It returns the answer of
// the channel's load-balancing policy, for example
// balancer.ErrBadResolverState; nil while the channel is idle or closed.
func (r *Resolver) Update(state resolver.State) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = state
	if r.cc == nil {
		return nil
	}
	return r.cc.UpdateState(state)
}

// ReportError tells the channel that there is no news, and why. What was
// reported before stays in force.
func (r *Resolver) ReportError(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cc != nil {
		r.cc.ReportError(err)
	}
}

// Build implements resolver.Builder.
func (r *Resolver) Build(_ resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cc = cc
	// A policy that dislikes the state fails the RPCs with its reason; asking
	// again, as a polling resolver would, brings nothing new here.
	_ = cc.UpdateState(r.state)
	return r, nil
}

// Scheme implements resolver.Builder.
func (r *Resolver) Scheme() string { return Scheme }

// ResolveNow implements resolver.Resolver: there is nothing to look up.
func (r *Resolver) ResolveNow(resolver.ResolveNowOptions) {}

// Close implements resolver.Resolver.
func (r *Resolver) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cc = nil
}
