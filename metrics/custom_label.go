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

// sortCustomLabels puts the labels in the order of their names, in which the
// samples have them.
func sortCustomLabels(labels []customLabel) {
	slices.SortStableFunc(labels, func(a, b customLabel) int { return cmp.Compare(a.name, b.name) })
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// checkCustomLabels expects them sorted. taken are the labels that the metrics
// have without them.
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

// labelledRecord is what the record of a backend with labels of WithBackendLabel
// has besides.
type labelledRecord struct {
	key   string           // of its backendID
	pairs []*dto.LabelPair // all of its series, in the order of their names
}

// newLabelledRecord adds the labels to the pairs that the record has anyway.
func newLabelledRecord(id backendID, labels []customLabel, pairs []*dto.LabelPair) *labelledRecord {
	for i, l := range labels {
		pairs = append(pairs, labelPair(l.name, id.values[i]))
	}
	slices.SortFunc(pairs, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return &labelledRecord{key: id.key(), pairs: slices.Clip(pairs)}
}
