package metrics

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
)

// The names of the labels that tell records apart.
const (
	backendLabel = "grpc_lb_backend"
	policyLabel  = "grpc_lb_policy"
	targetLabel  = "grpc_target"
)

// backendMetrics are the metrics of each backend. A metric is described here or in
// targetMetrics, and nowhere else: the descriptors, the scrapes and the tables in
// README.md follow. After a change, rewrite README.md with
//
//	go test ./metrics -run TestReadme -update
var backendMetrics = newScope([]string{backendLabel, policyLabel, targetLabel},
	counter("grpc_lb_picks_total",
		"Picks that chose the backend.",
		func(b *backendReading) uint64 { return b.traffic.picks }),
	counter("grpc_lb_repicks_total",
		"Picks of the backend that gRPC gave up, to pick again, because the connection had just gone or was closing.",
		func(b *backendReading) uint64 { return b.traffic.repicks }),
	counterBy(newLabel("grpc_code", namesOf[codes.Code](numCodes)...), "grpc_lb_rpcs_total",
		"RPC attempts on the backend that ended, by status code.",
		func(b *backendReading, s *samples) {
			for code, n := range b.traffic.finished {
				if n > 0 || codes.Code(code) == codes.OK {
					s.addWith(code, float64(n))
				}
			}
		}),
	gauge("grpc_lb_rpcs_in_flight",
		"RPC attempts on the backend that are under way.",
		func(b *backendReading) int64 { return b.traffic.inFlight }),
	counterBy(newLabel("result", "success", "failure"), "grpc_lb_connection_attempts_total",
		"Attempts to connect to the backend that ended, by result.",
		func(b *backendReading, s *samples) { s.addEach(b.connected.Load(), b.connectFailed.Load()) }),
	counter("grpc_lb_disconnections_total",
		"Connections to the backend that were lost after they had been made.",
		func(b *backendReading) uint64 { return b.disconnections.Load() }),
	rareCounter("grpc_lb_early_disconnections_total",
		"Connections to the backend that were lost within a second of being made; grpc_lb_disconnections_total has them, too.",
		func(b *backendReading) uint64 { return b.early.Load() }),
	gauge("grpc_lb_backend_ready",
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
	histograms("grpc_lb_rpc_duration_seconds",
		"Time from the pick of the backend to the end of the RPC attempt.",
		func(b *backendReading, s *samples) {
			if h := b.rpcDuration.Load(); h != nil {
				s.addHistogram(h)
			}
		}),
)

// targetMetrics are the metrics of each target.
var targetMetrics = newScope([]string{policyLabel, targetLabel},
	gaugeBy(newLabel("grpc_connectivity_state", namesOf[connectivity.State](numStates)...), "grpc_lb_subchannels",
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
	counterBy(newLabel("result", "ok", "rejected", "error"), "grpc_lb_resolver_updates_total",
		"Results of name resolution that the policy took (ok), did not take (rejected), or that were errors (error).",
		func(t *targetReading, s *samples) {
			s.addEach(t.accepted.Load(), t.rejected.Load(), t.resolverErrors.Load())
		}),
	counter("grpc_lb_backends_folded_total",
		"Subchannels to backends above the limit of the target, which are counted as the backend other.",
		func(t *targetReading) uint64 { return t.folded.Load() }),
	gauge("grpc_lb_channels",
		"Channels that use the policy for the target.",
		func(t *targetReading) int64 { return int64(t.instances) }),
	histogramsBy(newLabel("reason", reasonNames[:]...), "grpc_lb_pick_wait_seconds",
		"Time that an RPC attempt waited for a pick, if it had to, by reason.",
		func(t *targetReading, s *samples) { s.addHistogram(t.pickWait[:]...) }),
	histograms("grpc_lb_connect_duration_seconds",
		"Time from CONNECTING to READY of the target's subchannels.",
		func(t *targetReading, s *samples) { s.addHistogram(t.connectDuration) }),
)

var reasonNames = [numReasons]string{
	connecting:    "connecting",
	stateMismatch: "subchannel_state_mismatch",
	pickerFailing: "picker_failing_with_wait_for_ready",
}

// backendReading is what one scrape reads of a backend. Its traffic and its
// subchannels are read once, so that the samples agree.
type backendReading struct {
	*backendRecord
	traffic     traffic
	subchannels readySubchannels
}

// targetReading is what one scrape reads of a target.
type targetReading struct {
	*targetRecord
	instances int // of the policy
}
