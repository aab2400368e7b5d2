package series

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Table has the metrics of each record of one kind. R is a record during a scrape.
type Table[R any] struct {
	labels  []string // of every metric, sorted
	metrics []Metric[R]
}

// family is what all samples of a metric share.
type family struct {
	kind  dto.MetricType
	extra Label

	// Set by NewTable.
	desc *prometheus.Desc
	at   int // index of the extra label among the labels of the table
}

// with returns a record's labels and the i-th value of the extra label, sorted by
// name and without spare capacity.
func (f *family) with(labels []*dto.LabelPair, i int) []*dto.LabelPair {
	all := make([]*dto.LabelPair, len(labels)+1)
	copy(all, labels[:f.at])
	all[f.at] = f.extra.values[i]
	copy(all[f.at+1:], labels[f.at:])
	return all
}

// Label is a label that a metric has in addition to those of its table. The zero value
// means none.
type Label struct {
	name   string
	values []*dto.LabelPair // all possible values, shared by all samples
}

// NewLabel returns a label with all of its possible values.
func NewLabel(name string, values ...string) Label {
	l := Label{name: name}
	for _, v := range values {
		l.values = append(l.values, Pair(name, v))
	}
	return l
}

// Pair returns a label with its value.
func Pair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: &name, Value: &value}
}

// NewTable returns the table of the metrics, which all have the labels. It sorts the
// labels and keeps both slices.
func NewTable[R any](labels []string, metrics ...Metric[R]) *Table[R] {
	slices.Sort(labels)
	for i := range metrics {
		m := &metrics[i]
		all := labels
		if m.extra.name != "" {
			m.at, _ = slices.BinarySearch(labels, m.extra.name)
			all = slices.Insert(slices.Clone(labels), m.at, m.extra.name)
		}
		m.desc = prometheus.V2.NewDesc(m.name, m.help, prometheus.UnconstrainedLabels(all), nil, unitOf(m.name)...)
	}
	return &Table[R]{labels: labels, metrics: metrics}
}

// unitOf returns the unit that the name of a metric ends with, if any. OpenMetrics
// wants it declared.
func unitOf(name string) []prometheus.DescOpt {
	if strings.HasSuffix(name, "_seconds") {
		return []prometheus.DescOpt{prometheus.WithUnit("seconds")}
	}
	return nil
}

// Labels returns the names of the labels of all metrics.
func (t *Table[R]) Labels() []string {
	all := slices.Clone(t.labels)
	for i := range t.metrics {
		if name := t.metrics[i].extra.name; name != "" {
			all = append(all, name)
		}
	}
	return all
}

// Describe sends the descriptor of each metric.
func (t *Table[R]) Describe(ch chan<- *prometheus.Desc) {
	for i := range t.metrics {
		ch <- t.metrics[i].desc
	}
}

// Read adds the samples of one record.
func (t *Table[R]) Read(r R, s *Samples) {
	for i := range t.metrics {
		m := &t.metrics[i]
		s.family = &m.family
		m.read(r, s)
	}
}

// named returns the row with the name, which must exist.
func (t *Table[R]) named(name string) *Metric[R] {
	for i := range t.metrics {
		if m := &t.metrics[i]; m.name == name {
			return m
		}
	}
	panic("series: no metric " + name)
}

// Row is what a table says of a metric.
type Row struct {
	Name, Help, Type string
	Labels           []string // of every metric of the table
	Label            string   // what the metric has in addition, or ""
	Values           []string // of Label
}

// Rows describes the metrics in words, for their documentation.
func (t *Table[R]) Rows() (rows []Row) {
	for _, m := range t.metrics {
		row := Row{Name: m.name, Help: m.help, Type: strings.ToLower(m.kind.String()), Labels: t.labels, Label: m.extra.name}
		for _, pair := range m.extra.values {
			row.Values = append(row.Values, pair.GetValue())
		}
		rows = append(rows, row)
	}
	return rows
}
