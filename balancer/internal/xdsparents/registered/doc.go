// Package registered has only tests: of metrics.InstrumentRegistered in a program
// with the policies of gRPC's xDS, and others that need its dependencies. They are
// apart from those of xdsparents since a registration holds for a whole program.
//
//	go -C balancer/internal/xdsparents test ./registered
package registered
