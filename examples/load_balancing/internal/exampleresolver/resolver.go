// Package exampleresolver is a name resolver that reports a given list of servers.
package exampleresolver

import (
	"sync"

	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
)

// Scheme is the scheme of targets for this resolver: example:///NAME.
const Scheme = "example"

// Resolver is both the builder for grpc.WithResolvers and the resolver that it
// builds. It serves one channel. Its methods are safe for concurrent use.
type Resolver struct {
	address func(backend.Backend) resolver.Address

	mu      sync.Mutex // held while the channel takes a state, so that it ends up with the latest
	servers []backend.Backend
	cc      resolver.ClientConn // nil before Build and after Close
}

// New returns a resolver that reports the servers until [Resolver.Update] is
// called. address returns the address to report for a server.
func New(servers []backend.Backend, address func(backend.Backend) resolver.Address) *Resolver {
	return &Resolver{servers: servers, address: address}
}

// Update makes the resolver report these servers from now on. It returns the error
// of the channel's load-balancing policy, for example balancer.ErrBadResolverState.
// While the channel is idle or closed, the error is nil.
func (r *Resolver) Update(servers []backend.Backend) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.servers = servers
	if r.cc == nil {
		return nil
	}
	return r.cc.UpdateState(r.stateLocked())
}

// stateLocked returns a state with one endpoint per server, in order. Each has one
// address.
func (r *Resolver) stateLocked() resolver.State {
	var state resolver.State
	for _, s := range r.servers {
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{r.address(s)}})
	}
	return state
}

// ReportError reports to the channel why there is no update. The resolver keeps its
// servers.
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
	// A policy that refuses the state fails the RPCs with the reason. A polling
	// resolver would try again, but this one has nothing new to report.
	_ = cc.UpdateState(r.stateLocked())
	return r, nil
}

// Scheme implements resolver.Builder.
func (r *Resolver) Scheme() string { return Scheme }

// ResolveNow implements resolver.Resolver. There is nothing to look up.
func (r *Resolver) ResolveNow(resolver.ResolveNowOptions) {}

// Close implements resolver.Resolver.
func (r *Resolver) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cc = nil
}
