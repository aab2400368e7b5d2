package metrics

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// scope is a table of the metrics that each record of one kind has. R is a record
// during a scrape.
type scope[R any] struct {
	labels  []string // of every metric, sorted
	metrics []metric[R]
}

// metric is a row of the table. It is made by counter, gauge, histograms or one
// of their variants.
type metric[R any] struct {
	family
	name, help string
	read       func(R, *samples) // adds the samples of one record
}

// family is what all samples of a metric share.
type family struct {
	kind  dto.MetricType
	extra extraLabel

	// Set by newScope.
	desc *prometheus.Desc
	at   int // index of the extra label among the labels of the scope
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

// extraLabel is a label that a metric has in addition to those of its scope. The
// zero value means none.
type extraLabel struct {
	name   string
	values []*dto.LabelPair // all possible values, shared by all samples
}

func newLabel(name string, values ...string) extraLabel {
	l := extraLabel{name: name}
	for _, v := range values {
		l.values = append(l.values, labelPair(name, v))
	}
	return l
}

func labelPair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: &name, Value: &value}
}

func newScope[R any](labels []string, metrics ...metric[R]) *scope[R] {
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
	return &scope[R]{labels: labels, metrics: metrics}
}

// unitOf returns the unit that the name of a metric ends with, if any. OpenMetrics
// wants it declared.
func unitOf(name string) []prometheus.DescOpt {
	if strings.HasSuffix(name, "_seconds") {
		return []prometheus.DescOpt{prometheus.WithUnit("seconds")}
	}
	return nil
}

// allLabels returns the names of the labels of all metrics.
func (sc *scope[R]) allLabels() []string {
	all := slices.Clone(sc.labels)
	for i := range sc.metrics {
		if name := sc.metrics[i].extra.name; name != "" {
			all = append(all, name)
		}
	}
	return all
}

func (sc *scope[R]) describe(ch chan<- *prometheus.Desc) {
	for i := range sc.metrics {
		ch <- sc.metrics[i].desc
	}
}

// read adds the samples of one record.
func (sc *scope[R]) read(r R, s *samples) {
	for i := range sc.metrics {
		m := &sc.metrics[i]
		s.family = &m.family
		m.read(r, s)
	}
}

// named returns the row with the name, which must exist.
func (sc *scope[R]) named(name string) *metric[R] {
	for i := range sc.metrics {
		if m := &sc.metrics[i]; m.name == name {
			return m
		}
	}
	panic("metrics: no metric " + name)
}

// counter returns a counter with one series for each record.
func counter[R any](name, help string, value func(R) uint64) metric[R] {
	return counterBy(extraLabel{}, name, help, func(r R, s *samples) { s.add(float64(value(r))) })
}

// rareCounter returns a counter that has no series while it is 0.
func rareCounter[R any](name, help string, value func(R) uint64) metric[R] {
	return counterBy(extraLabel{}, name, help, func(r R, s *samples) {
		if n := value(r); n > 0 {
			s.add(float64(n))
		}
	})
}

func gauge[R any](name, help string, value func(R) int64) metric[R] {
	return gaugeBy(extraLabel{}, name, help, func(r R, s *samples) { s.add(float64(value(r))) })
}

func histograms[R any](name, help string, read func(R, *samples)) metric[R] {
	return histogramsBy(extraLabel{}, name, help, read)
}

// counterBy, gaugeBy and histogramsBy return a metric with an extra label. read
// adds the samples of one record.
func counterBy[R any](by extraLabel, name, help string, read func(R, *samples)) metric[R] {
	return newMetric(dto.MetricType_COUNTER, by, name, help, read)
}

func gaugeBy[R any](by extraLabel, name, help string, read func(R, *samples)) metric[R] {
	return newMetric(dto.MetricType_GAUGE, by, name, help, read)
}

func histogramsBy[R any](by extraLabel, name, help string, read func(R, *samples)) metric[R] {
	return newMetric(dto.MetricType_HISTOGRAM, by, name, help, read)
}

func newMetric[R any](kind dto.MetricType, by extraLabel, name, help string, read func(R, *samples)) metric[R] {
	return metric[R]{family: family{kind: kind, extra: by}, name: name, help: help, read: read}
}
