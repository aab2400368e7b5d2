package metrics

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// The labels that identify a record.
const (
	backendLabel = "grpc_lb_backend"
	policyLabel  = "grpc_lb_policy"
	targetLabel  = "grpc_target"
)

// catalog has all metrics, in a table for each scope, and makes their histograms.
type catalog struct {
	backend *scope[*backendReading]
	target  *scope[*targetReading]

	rpcDurations     *histogramMaker
	pickDelays       *histogramMaker
	connectDurations *histogramMaker
}

var plainCatalog = newCatalog(nil)

// catalogWith returns the catalog whose backend metrics have the labels as well,
// and puts these in order.
func catalogWith(labels []customLabel) (*catalog, error) {
	if len(labels) == 0 {
		return plainCatalog, nil
	}
	sortCustomLabels(labels)
	if err := checkCustomLabels(labels, plainCatalog.labels()); err != nil {
		return nil, err
	}
	names := make([]string, len(labels))
	for i, l := range labels {
		names[i] = l.name
	}
	return newCatalog(names), nil
}

func newCatalog(backendLabels []string) *catalog {
	c := &catalog{backend: newBackendMetrics(backendLabels), target: newTargetMetrics()}
	c.rpcDurations = c.backend.named("grpc_lb_rpc_attempt_duration_seconds").histogramMaker(rpcDurationBuckets)
	c.pickDelays = c.target.named("grpc_lb_pick_delay_duration_seconds").histogramMaker(pickDelayBuckets)
	c.connectDurations = c.target.named("grpc_lb_connect_duration_seconds").histogramMaker(connectDurationBuckets)
	return c
}

// labels returns the names of all labels.
func (c *catalog) labels() []string {
	return slices.Concat(c.backend.allLabels(), c.target.allLabels(), []string{"le"})
}

// newBackendMetrics returns the metrics of each backend, which also have the labels
// of WithBackendLabel. A metric is described here or in newTargetMetrics, and
// nowhere else: descriptors, scrapes and the tables in README.md are made from
// these. After a change, rewrite README.md with
//
//	go test ./metrics -run TestReadme -update
func newBackendMetrics(custom []string) *scope[*backendReading] {
	return newScope(append([]string{backendLabel, policyLabel, targetLabel}, custom...),
		counter("grpc_lb_picks_total",
			"Picks that chose the backend.",
			func(b *backendReading) uint64 { return b.traffic.picks }),
		counter("grpc_lb_repicks_total",
			"Picks of the backend that gRPC gave up, to pick again, because the connection had just gone or was closing.",
			func(b *backendReading) uint64 { return b.traffic.repicks }),
		counterBy(newLabel("grpc_status", grpcstatus.Names()...), "grpc_lb_rpc_attempts_total",
			"RPC attempts on the backend that ended, by status code.",
			func(b *backendReading, s *samples) {
				for code, n := range b.traffic.finished {
					if n > 0 || codes.Code(code) == codes.OK {
						s.addWith(code, float64(n))
					}
				}
			}),
		counter("grpc_lb_rpc_attempts_failed_total",
			"RPC attempts on the backend that ended with another status code than OK.",
			func(b *backendReading) uint64 { return b.traffic.failed() }),
		gauge("grpc_lb_rpc_attempts_in_flight",
			"RPC attempts on the backend that are under way.",
			func(b *backendReading) int64 { return b.traffic.inFlight }),
		counter("grpc_lb_connection_attempts_succeeded_total",
			"Attempts to connect to the backend that succeeded.",
			func(b *backendReading) uint64 { return b.connected.Load() }),
		counter("grpc_lb_connection_attempts_failed_total",
			"Attempts to connect to the backend that failed.",
			func(b *backendReading) uint64 { return b.connectFailed.Load() }),
		counter("grpc_lb_disconnections_total",
			"Connections to the backend that were lost after they had been made.",
			func(b *backendReading) uint64 { return b.disconnections.Load() }),
		rareCounter("grpc_lb_early_disconnections_total",
			"Connections to the backend that were lost within a second of being made; grpc_lb_disconnections_total has them, too.",
			func(b *backendReading) uint64 { return b.lostEarly.Load() }),
		gauge("grpc_lb_ready_subchannels",
			"Subchannels to the backend that are READY.",
			func(b *backendReading) int64 { return b.subchannels.ready() }),
		gauge("grpc_lb_usable_subchannels",
			"Subchannels to the backend that are READY and, if the policy watches their health, healthy: those that get picks.",
			func(b *backendReading) int64 { return b.subchannels.usable }),
		gaugeBy(newLabel("grpc_lb_unusable_reason", unusableReasons...), "grpc_lb_unusable_subchannels",
			"Subchannels to the backend that are READY and get no picks, by reason.",
			func(b *backendReading, s *samples) {
				for reason := range unusableReasons {
					if r := b.subchannels.unusable; r.seen(reason) {
						s.addWith(reason, float64(r.count(reason)))
					}
				}
			}),
		histograms("grpc_lb_rpc_attempt_duration_seconds",
			"Time from the pick of the backend to the end of the RPC attempt.",
			func(b *backendReading, s *samples) {
				if durations := b.rpcDurations.Load(); durations != nil {
					s.addHistogram(durations.histogram)
				}
			}),
	)
}

// newTargetMetrics returns the metrics of each target.
func newTargetMetrics() *scope[*targetReading] {
	return newScope([]string{policyLabel, targetLabel},
		gaugeBy(newLabel("grpc_connectivity_state", stateNames()...), "grpc_lb_subchannels",
			"Subchannels of the target by connectivity state.",
			func(t *targetReading, s *samples) {
				for state := range t.subchannels {
					s.addWith(state, float64(t.subchannels[state].Load()))
				}
			}),
		counter("grpc_lb_picks_delayed_total",
			"Picks that had to wait because no subchannel was available.",
			func(t *targetReading) uint64 { return t.delayed.Load() }),
		counter("grpc_lb_picks_failed_total",
			"Picks that the policy answered with an error.",
			func(t *targetReading) uint64 { return t.failed.Load() }),
		counter("grpc_lb_picker_updates_total",
			"Pickers that the policy published.",
			func(t *targetReading) uint64 { return t.pickerUpdates.Load() }),
		counterBy(newLabel("grpc_lb_result", "ok", "rejected", "error"), "grpc_lb_resolver_updates_total",
			"Results of name resolution that the policy took (ok), did not take (rejected), or that were errors (error).",
			func(t *targetReading, s *samples) {
				s.addEach(t.accepted.Load(), t.rejected.Load(), t.resolverErrors.Load())
			}),
		counter("grpc_lb_folded_subchannels_total",
			"Subchannels to backends above the limit of the target, which are counted as the backend other.",
			func(t *targetReading) uint64 { return t.folded.Load() }),
		rareCounter("grpc_lb_folded_policy_instances_total",
			"Policy instances for targets above the limit, which are counted under the target other.",
			func(t *targetReading) uint64 { return t.foldedHere.Load() }),
		gauge("grpc_lb_policy_instances",
			"Instances of the policy for the target: one for each channel, or one for each parent policy.",
			func(t *targetReading) int64 { return int64(t.instances) }),
		histogramsBy(newLabel("grpc_delay_type", reasonNames[:]...), "grpc_lb_pick_delay_duration_seconds",
			"Time that an RPC attempt waited for a pick, if it had to, by the type of the delay.",
			func(t *targetReading, s *samples) {
				for why := range t.pickDelay {
					if h := t.pickDelay[why].Load(); h != nil {
						s.addHistogram(h)
					}
				}
			}),
		histograms("grpc_lb_connect_duration_seconds",
			"Time from CONNECTING to READY of the target's subchannels.",
			func(t *targetReading, s *samples) { s.addHistogram(t.connectDuration) }),
	)
}

func stateNames() []string {
	names := make([]string, numStates)
	for s := range names {
		names[s] = connectivity.State(s).String()
	}
	return names
}

var reasonNames = [numReasons]string{
	connecting:    "connecting",
	stateMismatch: "subchannel_state_mismatch",
	pickerFailing: "picker_failing_with_wait_for_ready",
}

// backendReading is a backend during one scrape. Its traffic and its subchannels
// are read once, so that the samples are consistent.
type backendReading struct {
	*backendRecord
	traffic     traffic
	subchannels readySubchannels
}

// targetReading is a target during one scrape.
type targetReading struct {
	*targetRecord
	instances int // number of policy instances
}
