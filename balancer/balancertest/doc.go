// Package balancertest tests load-balancing policies without a network.
//
// A test builds the policy on a fake [ClientConn], which takes the place of
// gRPC's channel. It sends resolver updates through a [Policy] and drives the
// connectivity of the fake [SubConn]s that the policy makes. It then checks what
// gRPC would see: the SubConns, their Connect and Shutdown calls, the states and
// pickers that the policy reports, and where a pick goes. [ClientConn.Start] keeps an
// RPC in flight, for policies that look at the RPC or rely on its end.
//
// The fakes keep gRPC's promises to policies. Resolver updates, state changes and
// health updates reach the policy one at a time, and never while the policy is in
// a call. The consequences of a call, such as a SubConn's final SHUTDOWN or its
// first health update, are delivered after the call has returned. So are the
// state changes that a test makes from inside a call of the policy. State changes
// of a SubConn without a StateListener go to the policy's UpdateSubConnState,
// until the policy is closed. Transitions that gRPC cannot produce fail the test;
// an example is READY on a SubConn whose Connect was never called.
// [ClientConn.SetConnectionScaling] allows those of gRFC A105.
//
// The fakes start no goroutine and read no clock, so a policy's timers can be
// tested in a [testing/synctest] bubble. All methods may be called from several
// goroutines; a method that calls the policy waits until no other call is
// running. The methods of [Policy] must not be called from inside a call of the
// policy; that fails the test.
//
// The fakes do not reconnect, back off, pool or retry. The test decides when each
// of these happens.
//
// [ClientConn.Record] starts a record of all events. [ClientConn.Events] returns
// it, to be printed when a test fails.
//
// # What Check demands
//
// [Check] brings a policy into each state that it can be in, with two or three
// endpoints, and demands what gRPC relies on:
//
//   - Picks choose READY SubConns. If the chosen SubConn has no connection, the
//     RPC waits for the next picker, or until its deadline if none comes. So when
//     a connection is lost, the policy must promptly replace a picker that may
//     choose it. It may do so on a goroutine, or after a timer of at most 100 ms.
//   - A lost connection need not make a SubConn IDLE. With connection scaling (gRFC
//     A105) it goes from READY to CONNECTING if gRPC is making another connection to
//     that address, and to TRANSIENT_FAILURE if it could not. The policy replaces the
//     picker all the same, and uses the SubConn again when it is READY. Policies built
//     on grpc-go's pick_first do not meet this demand; see [LostIsIdle].
//   - The policy reports a new picker before it shuts down a SubConn that the old
//     picker may choose. This holds even within one resolver update, because RPCs
//     continue during the update. In Close the order does not matter. Policies
//     built on grpc-go's own do not meet this demand; see [ShutsDownFirst].
//   - RPCs fail when no endpoint can be reached, and when the resolver fails
//     before its first update. If the picker returned
//     [balancer.ErrNoSubConnAvailable], they would wait and nobody would learn
//     why.
//   - A resolver error changes nothing for a READY policy. Connections do not
//     depend on the resolver: RPCs must survive the failure of a DNS server.
//   - The policy answers an empty update with [balancer.ErrBadResolverState].
//     gRPC then resolves again, with a backoff. The policy may keep using the
//     endpoints that it has, or let RPCs fail.
//   - The policy shuts down the SubConns of removed endpoints once another
//     endpoint is READY. gRPC never closes a SubConn, or its connection, by itself.
//   - Close shuts down all SubConns. After Close the policy reports nothing and
//     makes no SubConn, not from a timer or a goroutine either. Today the channel
//     shuts down what its own policy leaves open, but parent policies may not, and
//     gRPC announces that Close will have to do it.
//   - The policy does not report SHUTDOWN. That state is final: the channel would
//     stay in it, although RPCs continue.
//   - Pickers are not nil, and choose only SubConns of their own channel.
//     Otherwise RPCs wait, as above.
//   - A policy's parser accepts an empty config and unknown fields, because one
//     service config serves clients of many versions. It returns no config for
//     input that is not a JSON object. The parser of a policy without a config may
//     return nil for any input.
//   - A config that is marshaled and parsed again is the same config, since some
//     parents do that with the config of a child.
//   - ExitIdle does no harm in any state, even before the first update. It may
//     come from any goroutine, at the same time as another call: parent policies
//     and pickers call it. Policies built on grpc-go's endpointsharding do not
//     meet this demand; see [SerialExitIdle].
//   - The policy is safe under concurrent picks, Done calls, state changes,
//     updates and ExitIdle. gRPC serializes the channel's calls into a policy, but
//     picks and Done run on the goroutines of RPCs, even during Close. Run the test
//     with -race.
//
// With [ByKey] Check picks with several RPCs. An RPC may then wait for its endpoint
// while others are READY, but for nothing else:
//
//   - The loss of a connection leaves RPCs alone that went to another endpoint.
//   - When all connections that the policy wants are made, no RPC waits: nothing
//     would end its wait. It may fail, as an RPC with an unknown key. Nor does an RPC
//     begin to wait when the resolver fails.
//   - RPCs of all keys fail when no endpoint can be reached, as above.
//
// If a call into the policy panics, the subtest fails and stops. A panic on a
// goroutine that the policy started ends the test program.
//
// Check uses the config {} and endpoints that have one address and no attributes.
// [ConfigFields] and [MapEndpoints] are for policies that need more. With ConfigFields
// a parser need not accept an empty config.
package balancertest
