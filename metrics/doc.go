// Package metrics meters gRPC load-balancing policies with Prometheus: picks,
// RPCs and connections, per backend.
//
//	func main() {
//		metrics.InstrumentRegistered()
//		http.Handle("/metrics", promhttp.Handler())
//		// …
//	}
//
// [InstrumentRegistered] meters the policies that the program runs already,
// gRPC's own and others, under their own names; service configs stay as they are. A
// channel without any needs an empty one, see there. [Metrics.Instrument] takes the
// builder of one policy and returns one of the same name whose policies are metered;
// the policy itself knows nothing of it. [Metrics] is also the Prometheus collector. [Default] is registered with
// Prometheus's default registerer; [New] makes another for a registry of one's
// own. [Metrics.Handler] shows the same, and the last connection errors, on a
// page for people. The folder ops has a dashboard for Grafana and alerts for
// Prometheus.
//
// # The metrics
//
// The [reference] is README.md, beside the code: the name, type and labels of each
// metric, what it counts and when, and when series begin and end.
//
// A backend is named by the address that its subchannel was made for, unless
// [WithBackendName] says otherwise. Of the backends of one target at most 10,000
// ([WithMaxBackends]) have series of their own. Series that are no longer used
// stay for five minutes ([WithRetention]). No goroutine and no timer drops them:
// scrapes do and, in case nobody scrapes, the making of new records, in any case
// before a backend is counted as "other".
//
// # Latency
//
// RPCs are measured in grpc_lb_rpc_duration_seconds where the service config says
// so, for any instrumented policy,
//
//	{"loadBalancingConfig": [{"round_robin2": {"metrics": {"latency": true}}}]}
//
// or everywhere with [WithLatency]. A new service config applies to the RPCs picked
// from then on. The histogram of a backend is made with the first RPC measured.
// [WithExemplars] ties observations to traces.
//
// # Waiting for a pick
//
// A policy is not told how long an RPC waits, nor why. The decorator knows the
// attempts by their contexts: gRPC gives each attempt one of its own, and all
// attempts of an RPC one Done channel. So a wait also ends where a sibling or parent
// of the policy picks, if it reports to the same Metrics, and an RPC that is tried
// again did not wait for what ended the attempt before. gRPC asks each new picker
// for all attempts that wait. An attempt that it does not ask for has ended, or a
// policy that is not metered has picked for it.
//
// # Cost
//
// A pick with its end costs two atomic additions and the calls around them: no
// lock, no allocation, no look-up, no clock. A Done callback of the policy's
// own is wrapped in a pooled record; it relies on gRPC's promise to call Done
// once. The same record holds the time where latency is measured, which costs
// two looks at the clock and the histogram. An RPC whose pick does not succeed is
// put on a list, for some 5 µs and nine allocations, also where it fails because
// it is not wait-for-ready; while there is one on the list, picks are looked up
// there. Other locks, maps and clocks belong to subchannels, their state changes,
// and scrapes.
//
// Among thousands of backends it is memory that costs, each cache line as much as
// the rest of a pick. So what a pick reads of a subchannel is one line, and the
// two counters of a backend are apart from the rest of its record, close to those
// of other backends. The third line is the Done callback, which Go keeps apart.
//
// A scrape allocates in proportion to the backends. Only the making and the end
// of subchannels wait for it, for as long as it takes to list the records.
//
// # Locks
//
// There are four: one per policy instance, which guards the states of its
// subchannels, one per policy instance for the events that come before its policy
// is built, one per Metrics, which guards its records, and one per RPC that waits
// for a pick. They are never held together, and no call to gRPC, to the policy or
// to a scrape's consumer is made under any of them.
//
// # Who may call what
//
// The methods of [Metrics] and its page may be called from any goroutine at any
// time. So may, of the decorator, those of the policy, of the ClientConn that it
// was built with, of its SubConns and its pickers: beside each other, after Close,
// and Close more than once. It passes them on as they come. So what gRPC promises
// a policy is for the parent to keep: UpdateClientConnState, ResolverError,
// UpdateSubConnState and Close one after the other, ExitIdle beside them. A policy
// that makes SubConns without a StateListener while it is being built hears of
// them when it is.
//
// # What it does not do
//
// It knows of an RPC what gRPC tells a policy; README.md says where that is not
// enough.
//
// It does not change what a policy does: errors, metadata, Done callbacks,
// subchannels it does not know and a nil picker pass through as they are, and
// its config but for the decorator's settings. It adds no trace, and logs nothing
// but mistakes in configs and options, and that Default could not be registered.
// A parent that looks for more in the policy's picker than its Pick finds the
// decorator's, see [Metrics.Instrument].
//
// Of policies inside one another, those that [Metrics.InstrumentRegistered] meters
// count each RPC once, under the outermost. One that [Metrics.Instrument] meters
// counts what it sees also inside another, so that sums over grpc_lb_policy count
// such traffic twice. gRPC's own policies find their children by name: pick_first,
// instrumented and registered again, is metered also as the child of round_robin,
// where each endpoint has one.
//
// [reference]: https://github.com/grpc-balancer2/balancer2/blob/HEAD/metrics/README.md
package metrics
