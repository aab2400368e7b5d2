package pickfirst2

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// subchannel is an address of the list that has been tried. The machine owns all
// fields but conn, which is the shell's.
type subchannel struct {
	conn balancer.SubConn // nil until the first connect, and while gRPC refuses to make it

	index  int                // of its address in the machine's list
	state  connectivity.State // the last that gRPC reported, IDLE at first
	failed bool               // it was in TRANSIENT_FAILURE during this pass
	err    error              // why it failed last; nil once it was READY
	gone   bool               // shut down: later events of it have no effect
}
