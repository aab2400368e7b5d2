package base2

import (
	"iter"
	"slices"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"
)

// View shows a [Policy] its endpoints while it makes a picker. Its methods may be
// called only until NewPicker has returned, and only by the goroutine that runs it.
type View[S any] struct{ b *endpointBalancer[S] }

// Ready is an endpoint that is READY, and the SubConn to return from picks.
type Ready[S any] struct {
	SubConn  balancer.SubConn
	Endpoint *Endpoint[S]
}

// Status is an endpoint as it was when a picker was made. Later changes do not show in
// it, so a picker may keep it. Nobody may change the addresses.
type Status[S any] struct {
	Endpoint *Endpoint[S]
	// State includes health: of an endpoint that is connected but not healthy, or that
	// outlier detection has ejected, it is TRANSIENT_FAILURE.
	State connectivity.State
	// SubConn is where RPCs go; nil unless State is READY.
	SubConn balancer.SubConn
	// Addresses, at least one, and Attributes are what the resolver sent last.
	// Attributes may be nil; its methods work all the same.
	Addresses  []resolver.Address
	Attributes *attributes.Attributes
	// Err says why the endpoint is in TRANSIENT_FAILURE; nil in other states. It names
	// the address, as in "connect to 10.0.0.1:50051: connection refused". It may wrap a
	// status error, of a dialer or of credentials: gRPC ends RPCs with that status at
	// once, wait-for-ready ones too. An error made from it with %v instead of %w ends
	// RPCs with UNAVAILABLE.
	Err error

	connected *resolver.Address
}

// Ready returns the endpoints that are READY, in the order of their places: see
// [Endpoint]. Pickers share the slice. A policy may keep it, but must not change
// it.
//
// Ready is cheap in channels with thousands of endpoints, where [View.All] and
// [View.Status] are not: the slice grows in place, and is copied only after an
// endpoint has left or come back.
func (v View[S]) Ready() []Ready[S] {
	v.b.ready.refresh()
	return slices.Clip(v.b.ready.entries)
}

// Len returns the number of all endpoints. It is at least 1.
func (v View[S]) Len() int { return len(v.b.order) }

// All returns all endpoints in the resolver's order. If the resolver lists an endpoint
// twice, the first entry counts, with its attributes. Entries without an address do not
// count.
func (v View[S]) All() iter.Seq[Status[S]] {
	return func(yield func(Status[S]) bool) {
		for _, c := range v.b.order {
			if !yield(c.statusLocked()) {
				return
			}
		}
	}
}

// Status returns the status of an endpoint. The State of one that the resolver no longer
// lists is SHUTDOWN.
func (v View[S]) Status(e *Endpoint[S]) Status[S] { return e.child.statusLocked() }

// State returns the state that the policy reports to the channel: READY if any
// endpoint is; else CONNECTING if any is; else IDLE if any is; else
// TRANSIENT_FAILURE.
func (v View[S]) State() connectivity.State { return v.b.states.aggregate() }

// PickError returns the error for RPCs that have no endpoint to go to. While an
// endpoint is READY or may still connect, it is [balancer.ErrNoSubConnAvailable]: they
// wait for the next picker. In TRANSIENT_FAILURE it names the endpoints that failed,
// and why: they fail, unless they are wait-for-ready. An RPC that waits until its
// deadline does not say for what.
//
// The error may wrap a status error, of a dialer for example: see [Status].
func (v View[S]) PickError() error {
	if v.State() != connectivity.TransientFailure {
		return balancer.ErrNoSubConnAvailable
	}
	return v.b.failureLocked()
}

// Attributes returns the attributes of the resolver's last update. They may be nil;
// their methods work all the same. Values that cannot be compared need a method Equal;
// otherwise each update counts as a change.
func (v View[S]) Attributes() *attributes.Attributes { return v.b.attributes }

// Address returns the address that the endpoint is connected to, as the resolver sent
// it last. It is the zero Address unless State is READY.
func (s Status[S]) Address() resolver.Address {
	if s.connected == nil {
		return resolver.Address{}
	}
	return *s.connected
}

// Weight returns the weight that the resolver gave the endpoint, by the package
// weight of gRPC. It is 1 if there is none.
func (s Status[S]) Weight() uint32 {
	w := weight.FromEndpoint(resolver.Endpoint{Attributes: s.Attributes}).Weight
	return max(w, 1)
}
