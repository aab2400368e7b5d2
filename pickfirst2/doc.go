// Package pickfirst2 is the load-balancing policy pick_first2: it connects to
// the first address that answers and sends every RPC there. It behaves as
// grpc-go's pick_first does and takes the same config:
//
//	{"loadBalancingConfig": [{"pick_first2": {"shuffleAddressList": true}}]}
//
// Importing the package does not register the policy. Programs usually import the
// package balancer, which registers every policy of the module with metrics.
// Others register what [NewBuilder] returns.
//
// # Behaviour
//
// Order: the policy flattens the resolver's endpoints in their order, drops
// duplicate addresses, and interleaves address families (gRFC A61, RFC 8305). With
// shuffleAddressList it shuffles the endpoints first, by weight if they have one
// (gRFC A62, A113).
//
// Connecting: an attempt starts 250 ms after the one before it, or as soon as that
// one fails. The policy uses the first connection that is READY and shuts the
// others down. A resolver update restarts the attempts at the first address only
// if it changes addresses that have been tried. So frequent updates of other
// addresses do not delay the policy.
//
// Failure: when all addresses have failed, the policy reports TRANSIENT_FAILURE. It
// tries each address again after its backoff, and reports TRANSIENT_FAILURE until a
// connection is READY (gRFC A62).
//
// Loss: when the connection in use is lost, the policy is IDLE until the next RPC. If
// gRPC has already begun to make another connection to that address, or failed to
// (gRFC A105), the policy is CONNECTING instead and tries the addresses again.
//
// Limits: each SubConn has one address. The 250 ms are not configurable, as in
// gRPC. After IDLE, the policy starts again at the first address.
//
// # As the child of another policy
//
// This section is about the policies that [NewBuilder] builds. A parent enables
// health checks with [EnableHealthListener]: the policy then uses a READY
// connection only while its health listener reports READY (gRFC A17).
//
// A parent need not call Pick to learn what a picker does:
//
//   - In READY the picker has a method SubConn() balancer.SubConn, which returns
//     the SubConn that picks return.
//   - In TRANSIENT_FAILURE it has a method Failure() error, which returns the error
//     that picks return, without the policy's name in front. Both wrap the same
//     connection error.
//
// The policy holds its mutex while it calls its ClientConn and its SubConns. A
// parent must therefore not call the policy while it holds a lock that its own
// UpdateState or NewSubConn takes, nor from inside these two.
//
// Any method, and any listener of a SubConn, may be called from any goroutine at
// any time. gRPC does so only with ExitIdle, and makes the other calls one at a
// time. ExitIdle has no effect before the first resolver update, and nothing has an
// effect after Close. The caller of UpdateClientConnState may reuse the slices of
// the resolver state when the call has returned.
//
// # Reading the code
//
// The machine decides (machine.go). It has no lock, clock or ClientConn: its
// methods take an event and return effects (effects.go), which the shell carries
// out (balancer.go). The shell has one mutex. It carries out effects while it holds
// the mutex, so that gRPC sees them in the order of the machine's decisions. It
// shuts SubConns down last, when the channel has a picker without them.
//
// The machine's phase says what the policy is doing. The table has what follows
// each event:
//
//	phase    | new addresses       | CONNECTING | READY  | TRANSIENT_FAILURE          | IDLE            | timer        | ExitIdle
//	waiting  | racing              | –          | –      | –                          | –               | –            | –
//	racing   | same so far: go on; | –          | chosen | mark; if it is the newest  | was CONNECTING: | next attempt | –
//	         | else racing again   |            |        | attempt: next; all marked: | idle            |              |
//	         |                     |            |        | retrying                   |                 |              |
//	retrying | same list: go on;   | –          | chosen | after each full round,     | reconnect; was  | –            | –
//	         | else racing, report |            |        | refresh the error          | CONNECTING:     |              |
//	         | stays               |            |        |                            | idle            |              |
//	chosen   | still listed: stay; | racing     | –      | racing; it is marked       | idle            | –            | –
//	         | else racing         |            |        |                            |                 |              |
//	idle     | reconcile only      | –          | –      | –                          | –               | –            | racing
//
// An empty address list leads from any phase to waiting, and Close to closed.
//
// "Same so far" means that the new list starts with the addresses that this pass
// has tried, in the same order. While every address is in backoff, the same list
// starts a new pass, which ends at once with a report. Each update asks again for
// the SubConns that gRPC has refused to make.
//
// The subchannel that was in use takes part in the new pass in the state that it is in:
// in CONNECTING its attempt is under way, in TRANSIENT_FAILURE it has failed.
//
// The rest, by file: the attempts (pass.go), the health gate (health.go), the
// errors (errors.go), what the machine has reported (reporter.go, which alone knows
// that TRANSIENT_FAILURE is sticky), and the address list (addresses.go,
// shuffle.go). TestExplore visits every position that the machine can get into with
// up to three addresses (explore_test.go).
package pickfirst2
