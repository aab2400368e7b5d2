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
// tried again after its backoff. When the connection in use is lost, the policy
// is IDLE until the next RPC. As the child of a policy that asks for it with
// [EnableHealthListener], a READY connection is used only while its health
// listener says so (gRFC A17).
//
// # Reading the code
//
// What the policy is doing is its phase (machine.go):
//
//	phase     | new addresses        | READY  | TRANSIENT_FAILURE           | IDLE                | 250 ms over  | ExitIdle
//	waiting   | racing               | –      | –                           | –                   | –            | –
//	racing    | reconcile, restart   | chosen | mark; if it is the newest   | was CONNECTING:     | next attempt | –
//	          |                      |        | attempt: next; all marked:  | idle                |              |
//	          |                      |        | retrying                    |                     |              |
//	retrying  | racing, report stays | chosen | after each full round,      | reconnect; was      | –            | –
//	          |                      |        | refresh the error           | CONNECTING: idle    |              |
//	chosen    | still listed: stay;  | –      | idle                        | idle                | –            | –
//	          | else racing          |        |                             |                     |              |
//	idle      | reconcile only       | –      | –                           | –                   | –            | racing
//
// An empty address list leads to waiting, from anywhere, and Close to closed.
//
// What it has told the channel is kept apart from that, in the reporter
// (reporter.go), which alone knows that TRANSIENT_FAILURE is sticky. The health
// gate is in health.go, the address work in addresses.go and shuffle.go. The
// machine has no lock, clock or ClientConn: it takes events and returns effects
// (effects.go), which the shell (balancer.go) carries out.
//
// # Locks
//
// Each policy has one mutex. Effects are carried out under it, so that gRPC
// sees them in the order in which the machine decided them. It therefore comes
// before every lock that the ClientConn takes: a parent policy must not call
// this one while holding a lock that its own UpdateState or NewSubConn takes.
//
// # Limits
//
// One SubConn has one address. The 250 ms are not configurable, as in gRPC. The
// position in the address list is not kept over IDLE: reconnecting starts at
// the first address.
package pickfirst2
