package series

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Table has the metrics of each record of one kind. R is a record during a scrape.
type Table[R any] struct {
	layout  layout
	metrics []Metric[R]
}

// layout is how the labels of every metric of a table are arranged.
type layout struct {
	given  []string // in the order in which NewTable was given them
	labels []string // sorted
	ranks  []int    // of those given among the sorted
}

func newLayout(given []string) layout {
	l := layout{given: given, labels: slices.Sorted(slices.Values(given))}
	for _, name := range given {
		rank, _ := slices.BinarySearch(l.labels, name)
		l.ranks = append(l.ranks, rank)
	}
	return l
}

// family is what all samples of a metric share.
type family struct {
	kind       dto.MetricType
	extra      Label
	name, help string

	// Set by NewTable.
	desc *prometheus.Desc
	at   int    // index of the extra label among the labels of the table
	unit string // may be ""
}

// empty returns the metric without samples.
func (f *family) empty() *dto.MetricFamily {
	e := &dto.MetricFamily{Name: new(f.name), Help: new(f.help), Type: f.kind.Enum()}
	if f.unit != "" {
		e.Unit = new(f.unit)
	}
	return e
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

// NewTable returns the table of the metrics, which all have the labels. It keeps both
// slices.
func NewTable[R any](labels []string, metrics ...Metric[R]) *Table[R] {
	t := &Table[R]{layout: newLayout(labels), metrics: metrics}
	for i := range metrics {
		f := &metrics[i].family
		all := t.layout.labels
		if f.extra.name != "" {
			f.at, _ = slices.BinarySearch(all, f.extra.name)
			all = slices.Insert(slices.Clone(all), f.at, f.extra.name)
		}
		var opts []prometheus.DescOpt
		if strings.HasSuffix(f.name, "_seconds") { // OpenMetrics wants the unit declared
			f.unit = "seconds"
			opts = append(opts, prometheus.WithUnit(f.unit))
		}
		f.desc = prometheus.V2.NewDesc(f.name, f.help, prometheus.UnconstrainedLabels(all), nil, opts...)
	}
	return t
}

// Labels returns the names of the labels of all metrics.
func (t *Table[R]) Labels() []string {
	all := slices.Clone(t.layout.labels)
	for i := range t.metrics {
		if name := t.metrics[i].extra.name; name != "" {
			all = append(all, name)
		}
	}
	return all
}

// Order returns the labels that all metrics have, in the order of their names: each as
// its index among those that NewTable was given. Records are compared in this order.
func (t *Table[R]) Order() []int {
	order := make([]int, len(t.layout.ranks))
	for i, rank := range t.layout.ranks {
		order[rank] = i
	}
	return order
}

// Describe sends the descriptor of each metric.
func (t *Table[R]) Describe(ch chan<- *prometheus.Desc) {
	for i := range t.metrics {
		ch <- t.metrics[i].desc
	}
}

// Read adds the samples of one record, with which s has begun. s must be of this table.
func (t *Table[R]) Read(r R, s *Samples) {
	for i := range t.metrics {
		s.column = &s.columns[i]
		t.metrics[i].read(r, s)
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
		row := Row{Name: m.name, Help: m.help, Type: strings.ToLower(m.kind.String()), Labels: t.layout.labels, Label: m.extra.name}
		for _, pair := range m.extra.values {
			row.Values = append(row.Values, pair.GetValue())
		}
		rows = append(rows, row)
	}
	return rows
}
