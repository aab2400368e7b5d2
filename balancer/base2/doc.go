// Package base2 is the base for load-balancing policies that spread RPCs over
// endpoints: a counterpart of grpc-go's balancer/base that takes the same
// [base.PickerBuilder]. A policy is its picker; everything else is here.
//
// What differs from grpc-go's base:
//
//   - There is one pick_first2 policy per endpoint instead of a SubConn per
//     address, so that an endpoint with several addresses counts once and
//     connects with happy eyeballs (gRFC A61).
//   - It reads the resolver's Endpoints. Addresses count only if there are none.
//   - Each channel has a PickerBuilder of its own, whose state (a rotation,
//     counts, averages) lives as long as the channel's policy.
//   - Build is called with one READY SubConn at least, never with none.
//   - [base.SubConnInfo].Address is the address that is connected, and its
//     BalancerAttributes are the endpoint's Attributes.
//   - Build is not called for each change of a large channel; see below. Pickers
//     that need only the SubConns are cheaper with a [ListPickerBuilder].
//   - Errors of picks name the endpoints that failed, and why.
//
// With HealthCheck set in [base.Config] a SubConn counts as READY while its
// health listener says so (gRFC A17).
//
// # States
//
// The policy is READY if any endpoint is; else CONNECTING if any is; else IDLE
// if any is; else TRANSIENT_FAILURE. A new endpoint connects at once, and the
// order of the first attempts starts at a random endpoint, so that many clients
// that start together do not all begin with the same one.
//
// An endpoint that loses its connection reconnects at once, too, unless more than
// five connections in a row were each lost within a second. It then pauses before
// each attempt until a connection lives longer: a second at first, two minutes at
// most, as gRPC does after failed attempts. Otherwise a server that accepts
// connections and hangs up would get hundreds of them per second. While it pauses,
// the endpoint counts as failed, and the errors of picks say why.
//
// # Pickers
//
// A new picker is due when an endpoint enters or leaves READY, when its
// attributes change, when the aggregated state changes, and, in
// TRANSIENT_FAILURE, when there is news of the cause. It is published before the
// call that brought the change returns. A resolver update that changes nothing is
// answered with the last picker once more, since parents such as weighted_target
// wait for an answer.
//
// When a resolver update takes SubConns away, they are shut down after the
// picker without them is published.
//
// A PickerBuilder that panics or returns no picker makes RPCs fail with an error
// that says so, until a later change leads to a picker.
//
// # Large channels
//
// If n endpoints become READY, or cease to be, a rebuild for each would cost n
// times n entries. Two things prevent that. A [ListPickerBuilder] gets a list that
// successive pickers share. It grows in place, and is copied only when an endpoint
// has left or come back. And in a channel of 100 READY endpoints or more, if a
// rebuild takes more than 10 µs there, rebuilds are put off so that they take a
// tenth of the time. In a smaller channel a rebuild costs less than a connection
// does, and none is put off. No rebuild waits longer than 5 ms, even if more than
// a tenth of the time goes into them then: gRPC holds RPCs back until there is a
// picker without the connection that was lost. Neither a change of the aggregated
// state nor the answer to a resolver update ever waits.
//
// # Locks
//
// gRPC calls UpdateClientConnState, ResolverError and Close of a policy one at a
// time, and a parent policy must do so, too. ExitIdle may be called from any
// goroutine, at any time. Resolvers may reuse the memory of an update once
// UpdateClientConnState has returned.
//
// A child policy calls its UpdateState and NewSubConn with its own mutex held,
// and these take the base's. The order is: child, base, ClientConn. The base
// therefore calls no child under its mutex. PickerBuilder and ClientConn are
// called under it, so that pickers arrive in the order of the changes: Build
// must not call into the channel.
package base2
