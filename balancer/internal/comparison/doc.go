// Package comparison has only tests and benchmarks. They measure what metering adds
// to the cost of an RPC. It is its own module because of its dependencies.
//
//	go test -bench .
//
// prints two tables, for one caller and for several, in about two minutes. The
// variants are:
//
//   - grpc-go's round_robin, bare, and a second time
//   - round_robin2 without metrics, metered, and metered with latency
//   - round_robin with go-grpc-middleware's Prometheus interceptors, without and with
//     their histogram
//   - round_robin with gRPC's OpenTelemetry plugin and its default metrics, exported
//     to Prometheus
//   - round_robin with a stats.Handler that does nothing
//
// # How
//
// Each variant has a channel to the same three servers in this process, over
// loopback TCP without TLS. The RPC is a health check with empty messages. The
// channels take turns, one RPC each, in random order. The added time of a variant is
// the median of the differences between its RPCs and those of the bare round_robin in
// the same round. This is repeated 20 times, with new servers and channels. The table
// shows the medians of the 20 results, with their 95 % confidence intervals. With
// -benchtime 3x -timeout 30m there are three times as many results, and the intervals
// are narrower. Several callers send their RPCs at the same time; the time is divided
// by their number.
//
// The second bare channel shows the error of the measurement: the time that it adds is
// nothing but error. A variant that adds no more than that adds nothing measurable.
//
// Allocations are those of the process, minus those of a bare RPC. With one caller
// they are exact to about a hundredth, and a test requires that round_robin2 adds
// none. The tests also check that each variant counts every RPC.
//
// # What it does not show
//
// Scrapes are not measured. Neither is garbage collection, which is off while RPCs are
// timed: the allocations of a variant cost more than the times here show. Streams are
// not measured. The interceptors do more work per message of a stream; the policy
// does not. A variant runs between all others, with caches that they have filled, as
// in a program that does more than RPCs; alone in a loop each is faster. The variants
// do not count the same things: the interceptors count by method, the plugin by method
// and target, with sizes and durations, and round_robin2 by backend.
package comparison
