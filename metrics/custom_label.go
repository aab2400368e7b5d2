package metrics

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/resolver"
)

// customLabel is a label of WithBackendLabel.
type customLabel struct {
	name  string
	value func(resolver.Address) string
}

// sortCustomLabels sorts the labels by name, as those of samples must be.
func sortCustomLabels(labels []customLabel) {
	slices.SortStableFunc(labels, func(a, b customLabel) int { return cmp.Compare(a.name, b.name) })
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// checkCustomLabels validates labels that are sorted by name. The metrics' own labels
// are taken.
func checkCustomLabels(labels []customLabel, taken []string) error {
	for i, l := range labels {
		switch {
		case !labelName.MatchString(l.name) || strings.HasPrefix(l.name, "__"):
			return fmt.Errorf("backend label %q: not a label name of Prometheus; use letters, digits and underscores, beginning with a letter", l.name)
		case slices.Contains(taken, l.name):
			return fmt.Errorf("backend label %q: the metrics have a label of this name already; choose another", l.name)
		case i > 0 && labels[i-1].name == l.name:
			return fmt.Errorf("backend label %q: given twice; give it once", l.name)
		case l.value == nil:
			return fmt.Errorf("backend label %q: no function for its value", l.name)
		}
	}
	return nil
}

// labelledRecord is the part of a backend's record that exists only with
// WithBackendLabel.
type labelledRecord struct {
	key   string           // of the backendID
	pairs []*dto.LabelPair // all labels of the backend's series, sorted by name
}

// newLabelledRecord adds the custom labels to pairs, which has the others.
func newLabelledRecord(id backendID, labels []customLabel, pairs []*dto.LabelPair) *labelledRecord {
	for i, l := range labels {
		pairs = append(pairs, labelPair(l.name, id.values[i]))
	}
	slices.SortFunc(pairs, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return &labelledRecord{key: id.key(), pairs: slices.Clip(pairs)}
}
