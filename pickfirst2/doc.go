// Package pickfirst2 is the load-balancing policy pick_first2: it connects to
// the first address that answers and sends every RPC there. It behaves as
// grpc-go's pick_first does and takes the same config:
//
//	{"loadBalancingConfig": [{"pick_first2": {"shuffleAddressList": true}}]}
//
// Importing the package registers the policy, metered by [metrics.Default].
// Programs usually import the package balancer, which registers every policy of
// the module.
//
// # Behaviour
//
// The resolver's endpoints are flattened in order, duplicates are dropped, and
// address families are interleaved (gRFC A61, RFC 8305). With
// shuffleAddressList the endpoints are shuffled first, by weight if they carry
// one (gRFC A62, A113). Connection attempts start 250 ms apart or as soon as
// the newest one fails; the first to be READY is used and the others are shut
// down. When all have failed the policy reports TRANSIENT_FAILURE, and keeps
// reporting it until a connection is READY (gRFC A62), while each address is
// tried again after its backoff. While the policy is connecting, a resolver
// update starts it anew at the first address only if it changes addresses that
// have been tried; frequent updates that change others do not hold it up. When
// the connection in use is lost, the policy is IDLE until the next RPC. As the
// child of a policy that asks for it with [EnableHealthListener], a READY
// connection is used only while its health listener says so (gRFC A17).
//
// # Reading the code
//
// What the policy is doing is its phase (machine.go):
//
//	phase     | new addresses        | READY  | TRANSIENT_FAILURE           | IDLE                | 250 ms over  | ExitIdle
//	waiting   | racing               | –      | –                           | –                   | –            | –
//	racing    | same so far: go on;  | chosen | mark; if it is the newest   | was CONNECTING:     | next attempt | –
//	          | else racing anew     |        | attempt: next; all marked:  | idle                |              |
//	          |                      |        | retrying                    |                     |              |
//	retrying  | same list: go on;    | chosen | after each full round,      | reconnect; was      | –            | –
//	          | else racing, report  |        | refresh the error           | CONNECTING: idle    |              |
//	          | stays                |        |                             |                     |              |
//	chosen    | still listed: stay;  | –      | idle                        | idle                | –            | –
//	          | else racing          |        |                             |                     |              |
//	idle      | reconcile only       | –      | –                           | –                   | –            | racing
//
// A list is the same so far if it starts with the addresses that the pass has
// begun, in their order. Retrying with every address in backoff does not count as
// going on: a new pass begins, and ends at once with a report. An update asks
// again for each SubConn that gRPC refused to make.
//
// An empty address list leads to waiting, from anywhere, and Close to closed.
//
// The attempts are in pass.go. What the machine has told the channel is kept
// apart, in the reporter (reporter.go), which alone knows that TRANSIENT_FAILURE
// is sticky. The health gate is in health.go, the address work in addresses.go
// and shuffle.go. The machine has no lock, clock or ClientConn: it takes events
// and returns effects (effects.go), which the shell (balancer.go) carries out.
// SubConns are shut down last, when the channel has a picker without them.
//
// # Concurrency
//
// Every method may be called from any goroutine at any time, also while another
// call is under way, and so may the listeners of SubConns. gRPC calls ExitIdle
// like this and the others one at a time. ExitIdle has no effect before the first
// resolver update, and nothing has any after Close. The slices of a resolver
// update may be reused when UpdateClientConnState has returned.
//
// Each policy has one mutex. Effects are carried out under it, so that gRPC
// sees them in the order in which the machine decided them. It therefore comes
// before every lock that the ClientConn takes: a parent policy must not call
// this one while holding a lock that its own UpdateState or NewSubConn takes, nor
// from inside those two.
//
// # Limits
//
// One SubConn has one address. The 250 ms are not configurable, as in gRPC. The
// position in the address list is not kept over IDLE: reconnecting starts at
// the first address.
package pickfirst2
