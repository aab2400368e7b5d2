package record

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
)

// The labels that identify a record.
const (
	backendLabel = "grpc_lb_backend"
	policyLabel  = "grpc_lb_policy"
	targetLabel  = "grpc_target"
)

// backendLabels returns the labels of a backend, in the order of the constants below.
func backendLabels(custom []string) []string {
	return append([]string{backendLabel, policyLabel, targetLabel}, custom...)
}

const (
	backendAt = iota
	policyAt
	targetAt
	customAt // the first of WithBackendLabel
)

// value returns the value of a label of the backend.
func (b *Backend) value(label int) string {
	name, custom := b.names()
	switch label {
	case backendAt:
		return name
	case policyAt:
		return b.target.key.Policy
	case targetAt:
		return b.target.key.Target
	}
	var value string
	for range label - customAt + 1 {
		value, custom = nextValue(custom)
	}
	return value
}

// appendPairs appends the label pairs of the backend's series. A record keeps none: in a
// scrape those of all backends lie one after the other, which makes the scrape faster.
func (b *Backend) appendPairs(pairs []*dto.LabelPair, s *series.Samples) []*dto.LabelPair {
	name, custom := b.names()
	pairs = append(pairs, s.NewPair(backendAt, name), b.target.policyPair, b.target.targetPair)
	for i := range b.target.settings.BackendLabels {
		var value string
		value, custom = nextValue(custom)
		pairs = append(pairs, s.NewPair(customAt+i, value))
	}
	return pairs
}
