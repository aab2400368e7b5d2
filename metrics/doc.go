// Package metrics meters gRPC load-balancing policies with Prometheus: picks,
// RPCs and connections, per backend.
//
// [Metrics.Instrument] takes the builder of any policy and returns one of the
// same name whose policies are metered; the policy itself knows nothing of it.
// [Metrics] is also the Prometheus collector. [Default] is registered with
// Prometheus's default registerer; [New] makes another for a registry of one's
// own.
//
// # What is counted, and when
//
// A pick is not an RPC. gRPC asks the policy's picker for a subchannel, again
// and again while there is none, and once more for each retry. Per backend
// (labels grpc_target, grpc_lb_policy, grpc_lb_backend):
//
//   - grpc_lb_picks_total: the picker chose the backend.
//   - grpc_lb_repicks_total: of these, gRPC gave the pick up, because the
//     backend's connection had just gone, and picks again. Nothing was sent.
//   - grpc_lb_rpcs_total{grpc_code}: the RPC attempt that followed the pick has
//     ended, with this status. OK is always there, other codes once they occur.
//     Codes that gRPC does not define count as Unknown. An attempt that broke
//     while its request was being sent, and to which nothing was received,
//     counts as Unavailable; gRPC reports it without an error.
//   - grpc_lb_rpcs_in_flight: picks that are neither of the two yet.
//   - grpc_lb_connection_attempts_total{result}: a subchannel left CONNECTING
//     for READY (success) or TRANSIENT_FAILURE (failure). A connection that was
//     lost before gRPC could report READY, CONNECTING to IDLE, is a success
//     and a disconnection.
//   - grpc_lb_disconnections_total: a subchannel left READY, other than because
//     the policy shut it down.
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
//   - grpc_lb_picker_updates_total: the policy published a picker.
//   - grpc_lb_resolver_updates_total{result}: the policy was given addresses
//     and took them (ok) or did not (rejected), or the resolver's error (error).
//   - grpc_lb_connect_duration_seconds: from CONNECTING to READY.
//   - grpc_lb_channels: instances of the policy that work for the target. A
//     channel has one, and for a moment two when its policy is replaced.
//
// A backend is named by the address that its subchannel was made for. Of
// several addresses in one subchannel, which gRPC deprecates, it is the first,
// also when they are changed later. Bytes that are not UTF-8 become U+FFFD in
// label values. Counters carry their creation time.
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
// that finds it ended. No goroutine and no timer does this: expired records
// are dropped by scrapes and, in case nobody scrapes, by the making of others.
//
// A picker that gRPC has already replaced may still be picking for a moment.
// What it counts after its series are gone is lost.
//
// # Cost
//
// A pick with its end costs two atomic additions and the calls around them: no
// lock, no allocation, no look-up, no clock. A Done callback of the policy's
// own is wrapped in a pooled record; it relies on gRPC's promise to call Done
// once. Locks, maps and clock belong to subchannels, their state changes, and
// scrapes. A scrape allocates in proportion to the backends, and nothing else
// waits for it.
//
// # Locks
//
// There are two: one per instance of a policy, which guards the states of its
// subchannels, and one per Metrics, which guards its records. They are never
// held together, and no call to gRPC, to the policy or to a scrape's consumer
// is made under either.
//
// # What it does not do
//
// It knows of an RPC what gRPC tells a policy. If a server ends a stream early,
// with an error, and the client notices because it cannot send on, gRPC tells
// the policy of a success.
//
// It does not change what a policy does: errors, metadata, Done callbacks,
// subchannels it does not know and a nil picker pass through as they are. It
// measures no RPC's latency, adds no trace or log, and does not limit the
// number of backends. A policy inside another may be metered as well as the
// outer one: each counts what it sees under its own name, so that sums over
// grpc_lb_policy count such traffic twice. gRPC's own policies find their
// children by name: pick_first, instrumented and registered again, is metered
// also as the child of round_robin, where each endpoint has one.
package metrics
