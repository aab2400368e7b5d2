// Package metrics meters gRPC load-balancing policies with Prometheus: picks,
// RPCs and connections, per backend.
//
// [Metrics.Instrument] takes the builder of any policy and returns one of the
// same name whose policies are metered; the policy itself knows nothing of it.
// [Metrics] is also the Prometheus collector. [Default] is registered with
// Prometheus's default registerer; [New] makes another for a registry of one's
// own. [Metrics.Handler] shows the same, and the last connection errors, on a
// page for people. The folder ops has a dashboard for Grafana and alerts for
// Prometheus.
//
// # What is counted, and when
//
// A pick is not an RPC. gRPC asks the policy's picker for a subchannel, again
// and again while there is none, and once more for each retry. Per backend
// (labels grpc_target, grpc_lb_policy, grpc_lb_backend):
//
//   - grpc_lb_picks_total: the picker chose the backend.
//   - grpc_lb_repicks_total: of these, gRPC gave the pick up, because the
//     backend's connection had just gone or was closing, as after GOAWAY, and
//     picks again. Nothing was sent.
//   - grpc_lb_rpcs_total{grpc_code}: the RPC attempt that followed the pick has
//     ended, with this status. OK is always there, other codes once they occur.
//     Codes that gRPC does not define count as Unknown. An attempt that broke
//     while its request was being sent, and to which nothing was received,
//     counts as Unavailable; gRPC reports it without an error. So does one that
//     the server refused unprocessed, though gRPC does it again, by itself, if it
//     was the RPC's first. What ends an attempt for its caller before anything is
//     sent, such as a deadline or per-RPC credentials, counts with its code.
//   - grpc_lb_rpcs_in_flight: picks that are neither of the two yet.
//   - grpc_lb_rpc_duration_seconds: from the pick to the end of the RPC attempt,
//     whatever its status; only where it is switched on, see below.
//   - grpc_lb_connection_attempts_total{result}: a subchannel left CONNECTING
//     for READY (success) or TRANSIENT_FAILURE (failure). A connection that was
//     lost before gRPC could report READY, CONNECTING to IDLE, is a success
//     and a disconnection.
//   - grpc_lb_disconnections_total: a subchannel left READY, other than because
//     the policy shut it down.
//   - grpc_lb_early_disconnections_total: of these, connections that were lost
//     within a second of being made: the server accepts them and hangs up. It is
//     there once that has happened. Policies on base2 pause before they ask such
//     a backend again.
//   - grpc_lb_backend_ready: subchannels to the backend that are READY.
//
// So picks = repicks + RPCs + in flight, for each backend in every scrape.
//
// Per target (labels grpc_target, grpc_lb_policy):
//
//   - grpc_lb_subchannels{grpc_connectivity_state}: subchannels by state.
//   - grpc_lb_picks_delayed_total: the picker had no subchannel to offer, so
//     that gRPC waits for the next picker; one RPC may count several times.
//   - grpc_lb_picks_failed_total: the picker answered with an error.
//   - grpc_lb_pick_wait_seconds{reason}: an RPC attempt was held back, from the
//     first pick that did not succeed to the one that did, or to its end. What
//     was picked at once is not in it.
//   - grpc_lb_picker_updates_total: the policy published a picker.
//   - grpc_lb_resolver_updates_total{result}: the policy was given addresses
//     and took them (ok) or did not (rejected), or the resolver's error (error).
//   - grpc_lb_connect_duration_seconds: from CONNECTING to READY.
//   - grpc_lb_backends_folded_total: a subchannel was made to a backend above
//     the limit, and is counted as the backend "other".
//   - grpc_lb_channels: instances of the policy that work for the target. A
//     channel has one, and for a moment two when its policy is replaced; of a
//     policy that is metered as a child it has one for each child.
//
// A backend is named by the address that its subchannel was made for, unless
// [WithBackendName] says otherwise. Of several addresses in one subchannel,
// which gRPC deprecates, it is the first, also when they are changed later. Of
// the backends of one target at most 10,000 ([WithMaxBackends]) have series of
// their own; what is above is counted as the backend "other", for as long as its
// subchannels live, so that sums stay right. Bytes that are not UTF-8 become
// U+FFFD in label values. Counters and histograms carry their creation time, by
// the wall clock of then: it is what tells their lives apart, so that it does not
// change when the clock is set.
//
// # Latency
//
// grpc_lb_rpc_duration_seconds is a native histogram that has classic buckets
// too, for servers that want those. It is made with the first RPC measured, and
// RPCs are measured where the service config says so, for any instrumented
// policy,
//
//	{"loadBalancingConfig": [{"round_robin2": {"metrics": {"latency": true}}}]}
//
// or everywhere with [WithLatency]. It changes with the next service config, for
// RPCs picked from then on. [WithExemplars] ties observations to traces.
//
// # Waiting for a pick
//
// The reasons of grpc_lb_pick_wait_seconds are those of gRFC A121. A policy is
// not told all that there is to know, so that they are found like this:
//
//   - connecting: the picker queued the attempt; there was nothing to pick.
//   - subchannel_state_mismatch: the picked subchannel had just lost its
//     connection. The end of such a pick does not say whose it was, except where
//     latency is measured; elsewhere the wait begins when the next picker queues
//     the attempt, if it does. While a connection is only closing, gRPC picks
//     again at once, which is no wait.
//   - picker_failing_with_wait_for_ready: the picker answered with an error, and
//     the attempt was there again for the next picker, or its deadline passed:
//     it is wait-for-ready. One that is cancelled before may not be, and is not
//     counted. This reason goes before the other two.
//
// Attempts are known by their contexts: gRPC gives each one of its own, all of an
// RPC with one Done channel. So a wait ends also where a sibling or parent of the
// policy picks, if it reports to the same Metrics, and an RPC that is tried again
// did not wait for what ended the attempt before. An RPC with a retry policy
// whose deadline passes before its second attempt looks as if it were
// wait-for-ready. When a policy is replaced the waits end with it, and begin anew
// under the next, if that is metered.
//
// gRPC asks each new picker, so that an RPC that stays away from one waits no
// more: it has ended, or a policy that is not metered has picked for it. Nobody
// says when. Such a wait counts up to its last answer, and leaves with the end of
// the RPC or with the second scrape that finds it so, a second or more after the
// first.
//
// # Life of a series
//
// Channels with the same target and policy share series. The series of a
// backend exist while a channel has a subchannel to it or an RPC on it is in
// flight; those of a target while a channel uses it or a backend of it exists.
// They then stay for the retention ([WithRetention]), so that the last
// increments are scraped, and go at the latest with the first scrape after it.
// When a backend comes back within the retention its series go on. Where an
// RPC outlives the last subchannel, the retention begins with the first scrape
// that finds it ended; where nobody scrapes, when it was last known to be under
// way. No goroutine and no timer does this: expired records are dropped by scrapes
// and, in case nobody scrapes, by the making of others, in any case before a
// backend is counted as "other".
//
// A picker that gRPC has already replaced may still be picking for a moment.
// What it counts after its series are gone is lost.
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
// There are three: one per instance of a policy, which guards the states of its
// subchannels, one per Metrics, which guards its records, and one per RPC that
// waits for a pick. They are never held together, and no call to gRPC, to the
// policy or to a scrape's consumer is made under any of them.
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
// It knows of an RPC what gRPC tells a policy. If a server ends a stream early,
// with an error, and the client notices because it cannot send on, gRPC tells
// the policy of a success: it counts as OK, for the same could be said of a
// stream that ended well and without a message.
//
// It does not change what a policy does: errors, metadata, Done callbacks,
// subchannels it does not know and a nil picker pass through as they are, and
// its config but for the decorator's settings. It adds no trace, and logs nothing
// but mistakes in configs and options, and that Default could not be registered.
// A parent that looks for more in the policy's picker than its Pick finds the
// decorator's, see [Metrics.Instrument].
//
// A policy inside another may be metered as well as the outer one: each counts
// what it sees under its own name, so that sums over grpc_lb_policy count such
// traffic twice. gRPC's own policies find their children by name: pick_first,
// instrumented and registered again, is metered also as the child of
// round_robin, where each endpoint has one.
package metrics
