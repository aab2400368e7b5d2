package record

import (
	"cmp"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
)

// otherName is the common name of all backends of a target above their limit, and of
// all targets above theirs.
const otherName = "other"

// ID identifies a backend of a target. It holds label values.
type ID struct {
	Name   string
	Values []string // of [Settings.BackendLabels]
}

// Key returns a map key for the ID. Label values are valid UTF-8, so none contains the
// byte 0xff.
func (id ID) Key() string {
	if len(id.Values) == 0 {
		return id.Name
	}
	return id.Name + "\xff" + strings.Join(id.Values, "\xff")
}

// customLabels is the part of a backend's record that exists only with
// WithBackendLabel.
type customLabels struct {
	key   string           // of the ID
	pairs []*dto.LabelPair // all labels of the backend's series, sorted by name
}

// newCustomLabels adds the labels with these names to pairs, which has the others.
func newCustomLabels(id ID, names []string, pairs []*dto.LabelPair) *customLabels {
	for i, name := range names {
		pairs = append(pairs, series.Pair(name, id.Values[i]))
	}
	slices.SortFunc(pairs, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return &customLabels{key: id.Key(), pairs: slices.Clip(pairs)}
}
