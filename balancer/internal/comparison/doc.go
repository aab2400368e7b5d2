// Package comparison has only tests and benchmarks: of what metering costs an
// RPC. It is a module of its own because of their dependencies.
//
//	go test -bench .
//
// prints a table for one caller and one for several, in some two minutes. The
// variants are grpc-go's round_robin, bare and a second time; round_robin2
// without metrics, metered, and metered with latency; and round_robin with
// go-grpc-middleware's Prometheus interceptors, without and with their
// histogram, with gRPC's OpenTelemetry plugin and its default metrics,
// exported to Prometheus, and with a stats.Handler that does nothing.
//
// # How
//
// Each variant has a channel to the same three servers in this process, over
// loopback TCP without TLS. The RPC is a health check with empty messages. The
// channels take turns RPC by RPC, in an order that is random each time, and
// what a variant adds is the median of the differences between its RPCs and
// those of the bare round_robin next to them. That is done again with new
// servers and channels, 20 times: the table has the medians, and the interval
// of those results that holds the true median with a probability of 95 %. With
// -benchtime 3x -timeout 30m there are three times as many, and the intervals
// are narrower. Several callers send their RPCs together, and the time that
// this takes is divided by their number.
//
// The second bare channel shows how far such a number can be trusted: what it
// adds is nothing but error. So it is with all that adds no more than that.
//
// Allocations are those of the process, less those of a bare RPC. With one
// caller they are exact to about a hundredth, and a test wants round_robin2's
// to be none. The tests also see to it that each variant counts every RPC.
//
// # What it does not show
//
// Scrapes are not in it. Nor is the collection of garbage, which is off while
// RPCs are timed: what a variant allocates costs more than its time here.
// Streams are not in it, which cost the interceptors more, per message, and
// the policy nothing more. A variant runs between all others, with caches that
// they have filled, as in a program that does more than RPCs; in a loop of its
// own each costs less. And the variants do not tell the same: the interceptors
// count by method, the plugin by method and target, with sizes and durations,
// and round_robin2 by backend.
package comparison
