// Package metrics measures gRPC load-balancing policies with Prometheus: it
// counts picks, RPCs and connections per backend, so that you can see where a
// client's RPCs go. It works with any policy, gRPC's own included:
//
//	func main() {
//		metrics.InstrumentRegistered()
//		http.Handle("/metrics", promhttp.Handler())
//		// …
//	}
//
// [InstrumentRegistered] meters the policies that the program already uses, gRPC's
// own and others, under their own names; service configs stay as they are. A channel
// without a service config needs an empty one; its documentation says why.
// [Metrics.Instrument] takes the builder of one policy and returns a builder of the same
// name whose policies are metered. The policy needs no change. [Metrics] is also the
// Prometheus collector. [Default] registers itself with Prometheus's default registerer;
// [New] makes a collector for another registry. [Metrics.Handler] serves a live page for
// people, with the same numbers, recent rates and latencies, and the last events and
// errors. The folder ops has a Grafana dashboard and Prometheus alerts.
//
// # The metrics
//
// The [reference] is README.md, beside the code. It lists the name, type and
// labels of each metric, what it counts and when, and when series begin and end.
//
// A backend is named by the address that its subchannel was made for, unless
// [WithBackendName] is given. At most 10,000 backends of a target
// ([WithMaxBackends]) have series of their own. Unused series stay for five
// minutes ([WithRetention]).
//
// # Latency
//
// grpc_lb_rpc_attempt_duration_seconds measures RPC attempts only where it is
// switched on: in the service config, for any instrumented policy,
//
//	{"loadBalancingConfig": [{"round_robin2": {"balancer2Metrics": {"latency": true}}}]}
//
// or everywhere with [WithLatency]. A new service config applies to the RPCs
// picked from then on. A backend's histogram is made when the first RPC is
// measured. [WithExemplars] ties observations to traces.
//
// # gRPC's own instruments
//
// [WithGRPCInstruments] exports what policies record with gRPC's instruments, such
// as grpc.lb.wrr.*, under the names that gRPC's OpenTelemetry plugin has in
// Prometheus. gRPC's own recorder still gets it. A record costs some 50 ns and no
// allocation; the first of a series, and those above the limit of series, take a
// lock. What gRPC records outside of policies needs a [StatsHandler].
//
// # Ten thousand backends
//
// With thousands of backends a registry takes more than half of the time of a scrape.
// [Metrics.Gather] does without it. Register a Metrics or gather it, not both:
// [WithoutRegistration] keeps Default from registering itself.
//
// # Limits
//
// The decorator knows about an RPC only what gRPC tells a policy; README.md says
// where that is not enough.
//
// It does not change what a policy does. Errors, metadata, Done callbacks, unknown
// subchannels and a nil picker pass through unchanged. So does the policy's config,
// except for the decorator's settings. It makes no traces. Without [WithEventLogger] it
// logs only mistakes in configs and options, and a failure to register Default. A parent
// policy that looks into the policy's picker finds the decorator's picker, see
// [Metrics.Instrument].
//
// Of policies inside one another, those that [Metrics.InstrumentRegistered] meters
// count each RPC once, under the outermost. A policy that [Metrics.Instrument]
// meters counts what it sees even inside another metered policy, so sums over
// grpc_lb_policy count that traffic twice. gRPC's own policies find their children
// by name: if pick_first is instrumented and registered again, it is also metered as
// the child of round_robin, once for each endpoint.
//
// # Concurrency
//
// All methods of [Metrics], and its page, may be called from any goroutine at any
// time. The same holds for the decorator's policy, ClientConn, SubConns and
// pickers, also after Close; Close may be called more than once. The decorator
// passes calls on as they come, so the parent must keep gRPC's promises to the
// policy: UpdateClientConnState, ResolverError, UpdateSubConnState and Close one at
// a time, ExitIdle at any time. While a policy is being built, it gets no
// UpdateSubConnState: events of SubConns that it made without a StateListener are
// delivered once it is built.
//
// # For contributors: the rooms
//
// This package is the decorator, its options and the shell of the collector. It sees what
// happens and reports it to the packages below internal:
//
//   - record holds the counts of each target and backend. It reads them for scrapes and
//     for the live page. The table of all metrics is in its catalog.go.
//   - series makes Prometheus's series of records.
//   - waits tells how long RPCs wait for a pick, and why.
//   - events keeps the last events, and logs them.
//   - latency measures how long RPCs take.
//   - window tells what is recent, from samples of counts.
//   - livestatus has the status of targets as plain values: record fills it in, and
//     livepage shows it. selection and diagnosis stand between them.
//   - grpcinstruments exports gRPC's own instruments.
//   - clock, grpcstatus, reuse and wording are what several of them need.
//
// None of them knows this package. Each doc.go says what its package is for.
//
// # For contributors: cost
//
// A pick with its Done costs two atomic additions and the calls around them: no
// lock, allocation, look-up or clock. If the policy has a Done of its own, both
// are put into a pooled record; this relies on gRPC's promise to call Done once.
// The same record holds the start time if latency is measured, which costs two
// clock readings and two more atomic additions. An RPC whose pick does not succeed is
// listed, even if it fails because it is not wait-for-ready. This takes about 0.4 µs and
// no allocation but the Done channel of the RPC's context, which gRPC makes anyway for
// an RPC that waits. While any RPC is listed, each pick looks its own RPC up, and looks
// whether two others have ended. A new picker looks whether those have ended that wait
// for its policy. All other locks, maps and clock readings happen when subchannels are
// made or change state, and in scrapes.
//
// With thousands of backends memory dominates: each cache line costs as much as
// the rest of a pick. So all that a pick reads of a subchannel is in one line, and
// a backend's two busiest counters are apart from the rest of its record, close
// to those of other backends. A third line is the Done callback, which Go
// allocates by itself. Where latency is measured, there are three others instead: one of
// the backend's record and two of its histogram, which takes 2,048 bytes.
//
// Recent rates cost picks nothing: scrapes and requests for the page take samples of
// the counters, about a millisecond for 10,000 backends, and six with latency. An event
// costs some 100 ns and an allocation or two when a subchannel changes its state or a
// resolver update changes the endpoints. To find that an update has the same endpoints
// in the same order takes 10 ns for each endpoint.
//
// A scrape allocates some 90 bytes for each series, or 160 in [Metrics.Gather], in few
// allocations; a registry and Prometheus's formats add theirs. While it lists the
// records it holds up the making and the end of subchannels, and nothing else.
// Records expire without a goroutine or timer. Scrapes drop them. If nobody scrapes,
// they are dropped when new records are made, at the latest before a backend is counted
// as "other".
//
// # For contributors: locks
//
// There are nine locks, and one more for the series of gRPC's instruments:
//
//   - per policy instance, one for the states of its subchannels, one for the events
//     that come before the policy is built, and one for what its resolver last sent
//     (package events)
//   - per target, one for its samples (window) and one for its last events (events)
//   - per Metrics, one for the records (record), one for the events that wait to be
//     logged (events), one for each eighth of the RPCs that wait for a pick (waits), and
//     one for whether its options may still change
//
// No two are ever held together, and none is held during a call to gRPC, to the policy,
// to a logger, to the Error method of an error or to the consumer of a scrape.
//
// [reference]: https://github.com/grpc-balancer2/balancer2/blob/HEAD/metrics/README.md
package metrics
