// Package balancertest tests load-balancing policies without a network.
//
// A test builds the policy on a fake [ClientConn], which stands where gRPC's
// channel stands, feeds it resolver updates through a [Policy], drives the
// connectivity of the fake [SubConn]s that the policy makes, and looks at what
// gRPC would see: the SubConns, their Connect and Shutdown calls, the states
// and pickers that the policy reports, and where a pick goes.
//
// The fakes keep gRPC's promises to policies. Resolver updates, state changes
// and health updates reach the policy one at a time. Nothing is delivered from
// inside a call that the policy makes: what follows from such a call (the last
// SHUTDOWN of a SubConn, the first health update) is delivered when the
// policy's own call has returned. So is what a test does to a SubConn from inside
// the policy's call. A SubConn that was made without a StateListener is heard of
// through the policy's UpdateSubConnState, until the policy is closed. Transitions
// that gRPC cannot produce, such as READY on a SubConn that was never asked to
// connect, fail the test.
//
// The fakes start no goroutine and read no clock, so that a policy's timers can
// be tested in a [testing/synctest] bubble. All methods may be called from
// several goroutines: while the policy is in a call, the others wait. The methods
// of [Policy] must not be called from inside a call of the policy; that fails the
// test.
//
// What the fakes do not do: reconnect, back off, pool or retry. A test decides
// when each of these happens.
//
// [ClientConn.Record] has the channel write down all that happens, for
// [ClientConn.Events] to tell when a test fails.
//
// # What Check demands
//
// [Check] brings a policy into each state that it can be in, with two or three
// endpoints, and demands what gRPC counts on. Each demand is there because of
// what happens otherwise:
//
//   - Picks choose READY SubConns. When gRPC finds the SubConn of a pick without
//     a connection, the RPC waits for the next picker, and if none comes, until
//     its deadline. So a picker is replaced promptly when a connection is lost
//     that it may choose. The policy may leave it to a goroutine, or to a timer of
//     at most 100 ms.
//   - A SubConn that the picker may choose is not shut down before another picker
//     is reported, not even within one resolver update: RPCs go on while it runs.
//     In Close the order does not matter. Policies that are made of grpc-go's own
//     do not meet this demand; see [ShutsDownFirst].
//   - When no endpoint can be reached, and when the resolver fails before its
//     first update, RPCs fail. With a picker that returns
//     [balancer.ErrNoSubConnAvailable] they would wait, and their users would not
//     learn why.
//   - A resolver error leaves a READY policy as it is. Connections do not depend
//     on the resolver; a DNS server that is down must not take RPCs with it.
//   - An empty update is answered with [balancer.ErrBadResolverState]. That is
//     what makes gRPC resolve again, with a backoff. The policy may go on with
//     the endpoints that it has, or have RPCs fail.
//   - The SubConns of endpoints that are gone are shut down, once another
//     endpoint is READY. gRPC keeps those that nobody shuts down, and their
//     connections.
//   - Close shuts all SubConns down, and afterwards nothing is reported or made,
//     by no timer and no goroutine. The channel cleans up after its own policy,
//     but parent policies need not, and gRPC says that it will not always.
//   - SHUTDOWN is not reported. It is final: the channel's state does not change
//     any more, though RPCs go on.
//   - Pickers are not nil, and choose SubConns of their own channel only. RPCs
//     wait otherwise, as above.
//   - A policy's parser accepts an empty config, and fields that it does not
//     know: one service config goes to clients of many versions. It makes no
//     config of what is not a JSON object. It may return nil for anything, as a
//     policy does that takes no config.
//   - ExitIdle may come in any state, even before the first update, and does no
//     harm. It may come from any goroutine, beside another call: parent policies
//     and pickers call it. Policies that are made of grpc-go's endpointsharding do
//     not meet this; see [SerialExitIdle].
//   - Picks, Done, state changes, updates and ExitIdle may come at the same time.
//     gRPC puts these in order, all but picks and Done, which come from the RPCs'
//     own goroutines, even while the policy is being closed. Run the test with
//     -race.
//
// A call of the policy that panics fails the subtest, which says so and goes no
// further. A panic on a goroutine of the policy's own ends the test program.
//
// Check gives the config {}. A policy that cannot do with it is checked with a
// builder around its own whose ParseConfig fills in what is missing.
package balancertest
