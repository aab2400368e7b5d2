// Package base2 is the base for load-balancing policies that spread RPCs over
// endpoints. It is a counterpart of grpc-go's balancer/base and takes the same
// [base.PickerBuilder]. The author of a policy writes its picker:
//
//	func init() {
//		newPickerBuilder := func() base.PickerBuilder { return &randomBuilder{} }
//		b := base2.NewBalancerBuilder("random2", newPickerBuilder, base.Config{HealthCheck: true})
//		balancer.Register(metrics.Default().Instrument(b))
//	}
//
// These are the differences from grpc-go's base:
//
//   - There is one pick_first2 policy per endpoint instead of one SubConn per
//     address. So an endpoint with several addresses counts once, and connects with
//     happy eyeballs (gRFC A61).
//   - It reads the resolver's Endpoints. It reads Addresses only if there are no
//     Endpoints.
//   - Each channel has its own PickerBuilder, whose state (a rotation, counts,
//     averages) lives as long as the channel's policy.
//   - Build always gets at least one READY SubConn.
//   - The Address in a [base.SubConnInfo] is the connected address. Its
//     BalancerAttributes are the endpoint's Attributes.
//   - In a large channel Build is not called for every change; see below. A
//     [ListPickerBuilder] is cheaper there, if pickers need only the SubConns.
//   - Errors of picks name the endpoints that failed, with the causes.
//
// If HealthCheck is set in [base.Config], a SubConn counts as READY only while its
// health listener reports READY (gRFC A17).
//
// # States
//
// The policy is READY if any endpoint is; else CONNECTING if any is; else IDLE if
// any is; else TRANSIENT_FAILURE.
//
// A new endpoint connects at once. The first attempts start at a random endpoint and
// follow the resolver's order from there. So clients that start together do not all
// connect to the same endpoint first.
//
// An endpoint that loses its connection reconnects at once, with one exception: if
// more than five connections in a row were each lost within a second, it pauses
// before each attempt until a connection lives longer. The pauses grow from one
// second to two minutes, like gRPC's backoff after failed attempts. Without them, a
// server that accepts connections and hangs up would get hundreds of connections per
// second. During a pause the endpoint counts as failed, and the errors of picks say
// why.
//
// # Pickers
//
// A new picker follows when
//
//   - an endpoint enters or leaves READY, or its attributes change,
//   - the config changes,
//   - the aggregated state changes, or
//   - the error of picks changes, in TRANSIENT_FAILURE.
//
// It is published before the call that brought the change returns. A resolver update
// that changes nothing publishes the last picker again, since parents such as
// weighted_target wait for an answer.
//
// SubConns that a resolver update removes are shut down after a picker without them
// has been published.
//
// If a PickerBuilder panics or returns a nil picker, RPCs fail with an error that
// says so, until a later change leads to a picker.
//
// # Large channels
//
// If each of n endpoints that become READY led to a rebuild of the picker, the
// rebuilds would copy about n² entries. Two things prevent this:
//
//   - The list of a [ListPickerBuilder] is shared by successive pickers. It grows in
//     place, and is copied only when an endpoint has left or come back.
//   - With 100 READY endpoints or more, if a rebuild takes more than 10 µs, rebuilds
//     are delayed so that they take a tenth of the time. Smaller channels need no
//     delay: there a rebuild costs less than a connection.
//
// No rebuild is delayed by more than 5 ms, because gRPC holds RPCs back until there
// is a picker without a lost connection. A change of the aggregated state and the
// answer to a resolver update are never delayed.
//
// # Concurrency
//
// UpdateClientConnState, ResolverError and Close must be called one at a time, as
// gRPC does; this applies to parent policies too. ExitIdle may be called from any
// goroutine at any time. The caller of UpdateClientConnState may reuse the memory of
// the resolver state when the call has returned.
//
// The lock order is: child policy, base, ClientConn. A child policy calls its
// UpdateState and NewSubConn with its mutex held, and these take the mutex of the
// base. So the base calls no child with its mutex held. It does call the
// PickerBuilder and the ClientConn with its mutex held, so that pickers come in the
// order of the changes. Build must therefore not call into the channel.
package base2
