package metrics

import (
	"net/http"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Handler returns the live page: what the channels, backends and RPCs that m
// meters are doing now. It is HTML that refreshes itself every two seconds, and
// JSON for programs.
//
//	http.Handle("/debug/lb", metrics.Default().Handler())
//
// The page shows the addresses of backends, the targets, and the texts of
// connection errors. It has no access control: mount it where only operators can
// reach it, as you would net/http/pprof. It changes nothing and takes GET and
// HEAD only.
//
// It may be mounted anywhere, also below [http.StripPrefix] and behind proxies:
// it needs no other file or host, and its links are relative. Its parameters are:
//
//   - format: html (the default) or json.
//   - q: only backends with this text in their name, in their state or condition, in
//     the reason why they are unusable, or in the name of a status code of their RPCs.
//     Case does not matter.
//   - target, policy: only this target, only this policy.
//   - state: only backends in this state: READY, CONNECTING, IDLE,
//     TRANSIENT_FAILURE, UNUSABLE (READY, but without picks because of its
//     health), NONE (no subchannel any more), NOT_READY (all but READY), or
//     NOT_USABLE (those with a subchannel that get no picks).
//   - sort: worst (the default: by condition, as README.md lists them), backend,
//     target, state (the worst first), since; of the last seconds: rps, success,
//     latency, share; in_flight, last_error; and since the backend was first
//     listed: picks, errors (RPCs that ended with another code than OK), attempts
//     (to connect, that failed). Names are in natural order: 10.0.0.2 comes before
//     10.0.0.10.
//   - dir: asc or desc. The default is asc for names, states and success, and desc
//     for other numbers and times.
//   - page, from 1, and per_page, from 1 to 1000 and by default 100.
//
// An empty parameter counts as absent. An invalid parameter is answered with 400
// and a text that says what is valid. JSON takes the same parameters; without page
// and per_page it has all backends.
//
// Times are UTC. They are counted back from the time of the answer, by the
// monotonic clock, so the age of an event is right even if the wall clock was wrong
// at the time. The time of one event can therefore differ by microseconds between
// answers. On Linux the monotonic clock stops while the machine sleeps, so sleep
// does not count.
//
// # What is recent
//
// Rates, shares and latencies are those of two windows, of about ten seconds and about
// a minute. They come from samples of the counts that requests for the page and
// scrapes take, at most one a second, and from none while nobody looks. So a window can
// be longer or shorter than that. The answer has its true length, by which rates are
// computed. After a pause, a window begins with the last sample before it, if that is at
// most 30 seconds old for the short one and three minutes for the long one. If there was
// no sample of a target for 30 seconds, and the target is older than that, a request
// takes a sample, waits a quarter of a second, and has a short window of that length. A
// backend that is younger than a window has a shorter one.
//
// Where latency is measured, the mean is exact. Quantiles are usually right to a tenth, and
// always in the right classic bucket of the histogram: if durations have changed within a
// bucket while those in other buckets took most of the time, a quantile may lag in its
// bucket. Elsewhere the mean is an estimate, the number of attempts that looks and scrapes
// found in flight divided by their rate, and there are no quantiles. If they found none, the
// page says what the mean is below, in 95 % of cases. A backend is slow by its estimate only
// if chance cannot explain it, which takes a minute of looks or more if there are few RPCs.
//
// # Since when
//
// A backend is down if it has subchannels, none of them READY, and a connection was
// lost or could not be made. It is down since the loss of its last READY subchannel, or
// else since the first attempt that failed, however many follow. The page counts these
// attempts. It cannot show when the next one comes, because gRPC does not tell.
//
// # Events
//
// A target keeps its last 64 events. Their kinds are connected, lost, connect_failed
// (only the first of several in a row), usable, unusable, resolver_update (only after
// an error, or if endpoints were added or removed; it names up to ten of each by their
// first addresses), resolver_error, update_rejected, instance_built, instance_state,
// instance_closed and folded. If more than eight events of a kind come within ten
// seconds, the eighth and those that follow become one event with their number. So does
// an event that comes again with nothing in between. [WithEventLogger] logs each of
// them. [WithLastRPCErrors] adds the last error of RPCs on each backend.
//
// # Cost
//
// An answer shows nearly a single moment. Like a scrape, it drops series whose
// retention has passed, of the targets that it shows. Its cost depends only on the
// targets that it shows: for 10,000 backends, 20 to 30 milliseconds of one core and
// about a megabyte of new memory, and as JSON of all of them some megabytes more. Where
// latency is measured and all get RPCs, the quantiles take some 20 milliseconds more.
// Their samples stay in a few megabytes, and with latency in up to 13. A handler
// renders at most four pages at once. Other requests wait, and are answered with 503 if
// their context ends before their turn.
func (m *Metrics) Handler() http.Handler { return m.handler(time.Now) }

func (m *Metrics) handler(wall func() time.Time) http.Handler {
	return livepage.New(func() livestatus.Snapshot { return m.pageSnapshot(wall) })
}

// pageSnapshot lists the targets for the live page.
func (m *Metrics) pageSnapshot(wall func() time.Time) livestatus.Snapshot {
	m.waits.Prune()
	return m.records.Snapshot(wall(), m.options.Load().records.Retention)
}
