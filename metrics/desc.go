package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
)

// Label names. Prometheus wants the labels of a sample in the order of their
// names; this is their order.
const (
	codeLabel    = "grpc_code"
	stateLabel   = "grpc_connectivity_state"
	backendLabel = "grpc_lb_backend"
	policyLabel  = "grpc_lb_policy"
	targetLabel  = "grpc_target"
	reasonLabel  = "reason"
	resultLabel  = "result"
)

var (
	perBackend = []string{backendLabel, policyLabel, targetLabel}
	perTarget  = []string{policyLabel, targetLabel}
)

// Series per backend.
var (
	picksDesc = desc("grpc_lb_picks_total",
		"Picks that chose the backend.", perBackend)
	repicksDesc = desc("grpc_lb_repicks_total",
		"Picks of the backend that gRPC gave up, to pick again, because the connection had just gone or was closing.", perBackend)
	rpcsDesc = desc("grpc_lb_rpcs_total",
		"RPC attempts on the backend that ended, by status code.", perBackend, codeLabel)
	inFlightDesc = desc("grpc_lb_rpcs_in_flight",
		"RPC attempts on the backend that are under way.", perBackend)
	connectsDesc = desc("grpc_lb_connection_attempts_total",
		"Attempts to connect to the backend that ended, by result.", perBackend, resultLabel)
	disconnectionsDesc = desc("grpc_lb_disconnections_total",
		"Connections to the backend that were lost after they had been made.", perBackend)
	earlyDisconnectionsDesc = desc("grpc_lb_early_disconnections_total",
		"Connections to the backend that were lost within a second of being made; grpc_lb_disconnections_total has them, too.", perBackend)
	readyDesc = desc("grpc_lb_backend_ready",
		"Subchannels to the backend that are READY.", perBackend)
)

// Series per target.
var (
	subchannelsDesc = desc("grpc_lb_subchannels",
		"Subchannels of the target by connectivity state.", perTarget, stateLabel)
	delayedDesc = desc("grpc_lb_picks_delayed_total",
		"Picks that had to wait because no subchannel was available.", perTarget)
	failedDesc = desc("grpc_lb_picks_failed_total",
		"Picks that the policy answered with an error.", perTarget)
	pickerUpdatesDesc = desc("grpc_lb_picker_updates_total",
		"Pickers that the policy published.", perTarget)
	resolverUpdatesDesc = desc("grpc_lb_resolver_updates_total",
		"Results of name resolution that the policy took (ok), did not take (rejected), or that were errors (error).", perTarget, resultLabel)
	foldedDesc = desc("grpc_lb_backends_folded_total",
		"Subchannels to backends above the limit of the target, which are counted as the backend other.", perTarget)
	channelsDesc = desc("grpc_lb_channels",
		"Channels that use the policy for the target.", perTarget)
)

func desc(name, help string, labels []string, more ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, append(more, labels...), nil)
}

// Histograms.
var (
	rpcDurationDesc     = desc(rpcDurationOpts.Name, rpcDurationOpts.Help, perBackend)
	pickWaitDesc        = desc(pickWaitOpts.Name, pickWaitOpts.Help, perTarget, reasonLabel)
	connectDurationDesc = desc(connectDurationOpts.Name, connectDurationOpts.Help, perTarget)
)

// Label pairs that samples share.
var (
	codePairs   = codeLabelPairs()
	statePairs  = stateLabelPairs()
	reasonPairs = [numReasons]*dto.LabelPair{
		connecting:    labelPair(reasonLabel, "connecting"),
		stateMismatch: labelPair(reasonLabel, "subchannel_state_mismatch"),
		pickerFailing: labelPair(reasonLabel, "picker_failing_with_wait_for_ready"),
	}

	successPair  = labelPair(resultLabel, "success")
	failurePair  = labelPair(resultLabel, "failure")
	okPair       = labelPair(resultLabel, "ok")
	rejectedPair = labelPair(resultLabel, "rejected")
	errorPair    = labelPair(resultLabel, "error")
)

func codeLabelPairs() (pairs [numCodes]*dto.LabelPair) {
	for code := range pairs {
		pairs[code] = labelPair(codeLabel, codes.Code(code).String())
	}
	return pairs
}

func stateLabelPairs() (pairs [numStates]*dto.LabelPair) {
	for state := range pairs {
		pairs[state] = labelPair(stateLabel, connectivity.State(state).String())
	}
	return pairs
}

func labelPair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: &name, Value: &value}
}
