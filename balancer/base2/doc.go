// Package base2 is the base for load-balancing policies that spread RPCs over
// endpoints. The author of a policy writes how RPCs are spread; the package connects,
// reconnects, follows health checks, and reports states and errors to gRPC. This is a
// whole policy. It sends each RPC to a random endpoint:
//
//	type random struct{}
//
//	func (random) NewPicker(view base2.View[struct{}]) balancer.Picker {
//		return randomPicker(view.Ready())
//	}
//
//	type randomPicker []base2.Ready[struct{}]
//
//	func (p randomPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
//		return balancer.PickResult{SubConn: p[rand.IntN(len(p))].SubConn}, nil
//	}
//
//	func init() {
//		b := base2.New("random2", func(*base2.Channel) random { return random{} })
//		balancer.Register(metrics.Default().Instrument(b))
//	}
//
// The service config {"loadBalancingConfig": [{"random2": {}}]} selects it.
//
// # Writing a policy
//
// Data of endpoints: a policy that counts or learns something about its endpoints
// names a type for it. [View], [Ready] and [Endpoint] have it as their type parameter,
// above struct{}. Each [Endpoint] has a Data of that type for as long as the resolver
// lists it, whatever happens to its connection.
//
// Config: [NewConfigured] instead of [New], and a method Configure. JSON that does not
// fit the type, or that its method Validate refuses, never gets that far.
//
// Endpoints that are not READY: [View.All] has all endpoints in the resolver's order,
// with their states, errors, addresses and attributes. With [WithEveryState] the policy
// makes the picker in each state, and after each change of an endpoint. Its picks can
// then wait for the endpoint that they want ([balancer.ErrNoSubConnAvailable]), or fail
// with that endpoint's error. [View.PickError] decides between the two as base2 does.
//
// Connecting: endpoints connect at once and stay connected. With
// [WithConnectOnRequest] they do when the policy says so, by [Endpoint.Connect]: all at
// the first RPC for them, or a few that the policy has chosen. [Endpoint.Disconnect] is
// the way back.
//
// Signals from elsewhere: the [Channel] that a policy is made with has a method
// Rebuild, which leads to a call of NewPicker. A goroutine of the policy, or the end of
// an RPC, may call it. RebuildAfter does the same at a certain time. A policy that starts
// goroutines has a method Close to end them.
//
// An existing policy: [NewBalancerBuilder] takes a PickerBuilder that was written for
// gRPC's package base.
//
// Tests: the package balancertest has a channel without a network, and Check, which
// tests what gRPC counts on. The folder examples/policies has a policy for each of the
// above.
//
// # Differences from gRPC's package base
//
//   - There is one pick_first2 policy per endpoint instead of one SubConn per
//     address. So an endpoint with several addresses counts once, and connects with
//     happy eyeballs (gRFC A61).
//   - It reads the resolver's Endpoints. It reads Addresses only if there are no
//     Endpoints.
//   - Each channel has its own Policy, whose state lives as long as the channel uses
//     it.
//   - Health checks (gRFC A17) are on by default.
//   - In a large channel NewPicker is not called for every change; see below.
//   - Errors of picks name the endpoints that failed, with the causes.
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
// why. Endpoints that connect on request pause, too; after a pause they reconnect by
// themselves.
//
// With connection scaling (gRFC A105) gRPC may be making another connection to an
// endpoint when the first one is lost. The endpoint is then CONNECTING, without a pause,
// also if it connects on request. If gRPC could not make the other connection, the
// endpoint's other addresses are tried; without any, it is in TRANSIENT_FAILURE.
//
// # Pickers
//
// A new picker follows when
//
//   - an endpoint enters or leaves READY, or its attributes change,
//   - the config or the resolver's attributes change,
//   - the aggregated state changes,
//   - the policy asks for it, or
//   - the error of picks changes, in TRANSIENT_FAILURE.
//
// [WithEveryState] has more. The picker is published before the call that brought the
// change returns. A resolver update that changes nothing publishes the last picker
// again, since parents such as weighted_target wait for an answer.
//
// SubConns that a resolver update removes are shut down after a picker without them
// has been published.
//
// # Large channels
//
// If each of n endpoints that become READY led to a rebuild of the picker, the
// rebuilds would copy about n² entries. Two things prevent this:
//
//   - The slice of [View.Ready] is shared by successive pickers. It grows in place, and
//     is copied only when an endpoint has left or come back.
//   - With 100 READY endpoints or more, if a rebuild takes more than 10 µs, rebuilds
//     are delayed so that they take a tenth of the time. (With [WithEveryState] all
//     endpoints count.) Smaller channels need no delay: there a rebuild costs less than
//     a connection.
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
// The lock order is: calls, child policy, mu, ClientConn. A policy instance holds calls
// while it calls its child policies. A child policy calls its UpdateState and
// NewSubConn with its own mutex held, and these take mu. So no child is called with mu
// held. NewPicker, Configure and the ClientConn's UpdateState are: pickers come in the
// order of the changes. What a policy asks for meanwhile is noted under a lock of its
// own, and done later.
package base2
