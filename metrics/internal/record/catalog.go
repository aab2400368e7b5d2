package record

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// Catalog has all metrics, in a table for backends and one for targets, and makes the
// histograms of targets.
type Catalog struct {
	backend *series.Table[*backendReading]
	target  *series.Table[*targetReading]
	order   []int // of the labels of a backend, by their names

	pickDelays       *series.HistogramMaker
	connectDurations *series.HistogramMaker
}

// NewCatalog returns a catalog whose backend metrics also have the labels, which are
// sorted.
func NewCatalog(backendLabels []string) *Catalog {
	c := &Catalog{backend: newBackendMetrics(backendLabels), target: newTargetMetrics()}
	c.order = c.backend.Order()
	c.pickDelays = c.target.HistogramMaker("grpc_lb_pick_delay_duration_seconds", pickDelayBuckets)
	c.connectDurations = c.target.HistogramMaker("grpc_lb_connect_duration_seconds", connectDurationBuckets)
	return c
}

// Labels returns the names of all labels.
func (c *Catalog) Labels() []string {
	return slices.Concat(c.backend.Labels(), c.target.Labels(), []string{"le"})
}

// Describe sends the descriptors of all metrics.
func (c *Catalog) Describe(ch chan<- *prometheus.Desc) {
	c.backend.Describe(ch)
	c.target.Describe(ch)
}

// Rows describes the metrics of each backend and of each target in words, for their
// documentation.
func (c *Catalog) Rows() (ofBackends, ofTargets []series.Row) {
	return c.backend.Rows(), c.target.Rows()
}

// newBackendMetrics returns the metrics of each backend, which also have the labels
// of WithBackendLabel. A metric is described here or in newTargetMetrics, and
// nowhere else: descriptors, scrapes and the tables in README.md are made from
// these. After a change, rewrite README.md with
//
//	go test ./metrics -run TestReadme -update
func newBackendMetrics(custom []string) *series.Table[*backendReading] {
	return series.NewTable(backendLabels(custom),
		series.Counter("grpc_lb_picks_total",
			"Picks that chose the backend.",
			func(b *backendReading) uint64 { return b.traffic.picks }),
		series.Counter("grpc_lb_repicks_total",
			"Picks of the backend that gRPC gave up, to pick again, because the connection had just gone or was closing.",
			func(b *backendReading) uint64 { return b.traffic.repicks }),
		series.CounterBy(series.NewLabel("grpc_status", grpcstatus.Names()...), "grpc_lb_rpc_attempts_total",
			"RPC attempts on the backend that ended, by status code.",
			func(b *backendReading, s *series.Samples) {
				for code, n := range b.traffic.finished {
					if n > 0 || codes.Code(code) == codes.OK {
						s.AddWith(code, float64(n))
					}
				}
			}),
		series.Counter("grpc_lb_rpc_attempts_failed_total",
			"RPC attempts on the backend that ended with another status code than OK.",
			func(b *backendReading) uint64 { return b.traffic.failed() }),
		series.Gauge("grpc_lb_rpc_attempts_in_flight",
			"RPC attempts on the backend that are under way.",
			func(b *backendReading) int64 { return b.traffic.inFlight }),
		series.Counter("grpc_lb_connection_attempts_succeeded_total",
			"Attempts to connect to the backend that succeeded.",
			func(b *backendReading) uint64 { return b.connected.Load() }),
		series.Counter("grpc_lb_connection_attempts_failed_total",
			"Attempts to connect to the backend that failed.",
			func(b *backendReading) uint64 { return b.connectFailed.Load() }),
		series.Counter("grpc_lb_disconnections_total",
			"Connections to the backend that were lost after they had been made.",
			func(b *backendReading) uint64 { return b.disconnections.Load() }),
		series.RareCounter("grpc_lb_early_disconnections_total",
			"Connections to the backend that were lost within a second of being made; grpc_lb_disconnections_total has them, too.",
			func(b *backendReading) uint64 { return b.lostEarly.Load() }),
		series.Gauge("grpc_lb_ready_subchannels",
			"Subchannels to the backend that are READY.",
			func(b *backendReading) int64 { return b.subchannels.ready() }),
		series.Gauge("grpc_lb_usable_subchannels",
			"Subchannels to the backend that are READY and, if the policy watches their health, healthy: those that get picks.",
			func(b *backendReading) int64 { return b.subchannels.usable }),
		series.GaugeBy(series.NewLabel("grpc_lb_unusable_reason", unusableReasons...), "grpc_lb_unusable_subchannels",
			"Subchannels to the backend that are READY and get no picks, by reason.",
			func(b *backendReading, s *series.Samples) {
				for reason := range unusableReasons {
					if r := b.subchannels.unusable; r.seen(reason) {
						s.AddWith(reason, float64(r.count(reason)))
					}
				}
			}),
		series.Histograms("grpc_lb_rpc_attempt_duration_seconds",
			"Time from the pick of the backend to the end of the RPC attempt.",
			func(b *backendReading, s *series.Samples) {
				if d := b.durations.Load(); d != nil {
					s.AddHistogram(d)
				}
			}),
	)
}

// newTargetMetrics returns the metrics of each target.
func newTargetMetrics() *series.Table[*targetReading] {
	return series.NewTable([]string{policyLabel, targetLabel},
		series.GaugeBy(series.NewLabel("grpc_connectivity_state", stateNames()...), "grpc_lb_subchannels",
			"Subchannels of the target by connectivity state.",
			func(t *targetReading, s *series.Samples) {
				for state := range t.subchannels {
					s.AddWith(state, float64(t.subchannels[state].Load()))
				}
			}),
		series.Counter("grpc_lb_picks_delayed_total",
			"Picks that had to wait because no subchannel was available.",
			func(t *targetReading) uint64 { return t.delayed.Load() }),
		series.Counter("grpc_lb_picks_failed_total",
			"Picks that the policy answered with an error.",
			func(t *targetReading) uint64 { return t.failed.Load() }),
		series.Gauge("grpc_lb_rpc_attempts_waiting",
			"RPC attempts that wait for a pick.",
			func(t *targetReading) int64 { return t.waiting.Load() }),
		series.Counter("grpc_lb_picker_updates_total",
			"Pickers that the policy published.",
			func(t *targetReading) uint64 { return t.pickerUpdates.Load() }),
		series.CounterBy(series.NewLabel("grpc_lb_result", "ok", "rejected", "error"), "grpc_lb_resolver_updates_total",
			"Results of name resolution that the policy took (ok), did not take (rejected), or that were errors (error).",
			func(t *targetReading, s *series.Samples) {
				s.AddEach(t.accepted.Load(), t.rejected.Load(), t.resolverErrors.Load())
			}),
		series.Counter("grpc_lb_folded_subchannels_total",
			"Subchannels to backends above the limit of the target, which are counted as the backend other.",
			func(t *targetReading) uint64 { return t.folded.Load() }),
		series.RareCounter("grpc_lb_folded_policy_instances_total",
			"Policy instances for targets above the limit, which are counted under the target other.",
			func(t *targetReading) uint64 { return t.foldedHere.Load() }),
		series.Gauge("grpc_lb_policy_instances",
			"Instances of the policy for the target: one for each channel, or one for each parent policy.",
			func(t *targetReading) int64 { return int64(t.instances) }),
		series.HistogramsBy(series.NewLabel("grpc_delay_type", reasonNames[:]...), "grpc_lb_pick_delay_duration_seconds",
			"Time that an RPC attempt waited for a pick, if it had to, by the type of the delay.",
			func(t *targetReading, s *series.Samples) {
				for why := range t.pickDelay {
					if h := t.pickDelay[why].Load(); h != nil {
						s.AddHistogramWith(why, h)
					}
				}
			}),
		series.Histograms("grpc_lb_connect_duration_seconds",
			"Time from CONNECTING to READY of the target's subchannels.",
			func(t *targetReading, s *series.Samples) { s.AddHistogram(t.connectDuration) }),
	)
}

func stateNames() []string {
	names := make([]string, numStates)
	for s := range names {
		names[s] = connectivity.State(s).String()
	}
	return names
}

var reasonNames = [waits.NumReasons]string{
	waits.Connecting:    "connecting",
	waits.StateMismatch: "subchannel_state_mismatch",
	waits.PickerFailing: "picker_failing_with_wait_for_ready",
}
