// Package registered has only tests. They are of metrics.InstrumentRegistered in a
// program with the policies of gRPC's xDS, and with others that need the same
// dependencies. They are not in xdsparents because a registration affects the whole
// program.
//
//	go -C balancer/internal/xdsparents test ./registered
package registered
