package series

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Histogram is a Prometheus histogram of a record. It shares its label pairs with the
// samples of the record, and needs no removal from a HistogramVec when its record is
// dropped.
type Histogram struct {
	prometheus.Histogram
	desc   *prometheus.Desc
	labels []*dto.LabelPair
}

// Desc implements [prometheus.Metric].
func (h *Histogram) Desc() *prometheus.Desc { return h.desc }

// Write implements [prometheus.Metric].
func (h *Histogram) Write(m *dto.Metric) error {
	err := h.Histogram.Write(m)
	m.Label = h.labels
	return err
}

// HistogramMaker makes the histograms of one metric.
type HistogramMaker struct {
	family *family
	opts   prometheus.HistogramOpts
}

// HistogramMaker returns the maker of the histograms of the named metric, which the
// table must have. It completes opts with the name and the help.
func (t *Table[R]) HistogramMaker(name string, opts prometheus.HistogramOpts) *HistogramMaker {
	m := t.named(name)
	opts.Name, opts.Help = m.name, m.help
	return &HistogramMaker{family: &m.family, opts: opts}
}

// New makes a histogram with the labels of its record.
func (m *HistogramMaker) New(labels []*dto.LabelPair) *Histogram {
	return &Histogram{Histogram: prometheus.NewHistogram(m.opts), desc: m.family.desc, labels: labels}
}

// NewWith makes a histogram that also has the i-th value of the extra label.
func (m *HistogramMaker) NewWith(labels []*dto.LabelPair, i int) *Histogram {
	return m.New(m.family.with(labels, i))
}

// HistogramSource is a histogram that its record keeps in a form of its own.
type HistogramSource interface {
	// Write fills in all but the time of creation.
	Write(*dto.Histogram)
}

// histogram is what a HistogramSource writes in one scrape.
type histogram struct {
	desc    *prometheus.Desc
	labels  []*dto.LabelPair
	created Created
	source  HistogramSource
}

// Desc implements [prometheus.Metric].
func (h *histogram) Desc() *prometheus.Desc { return h.desc }

// Write implements [prometheus.Metric].
func (h *histogram) Write(m *dto.Metric) error {
	m.Label = h.labels
	m.Histogram = &dto.Histogram{CreatedTimestamp: h.created.timestamp()}
	h.source.Write(m.Histogram)
	return nil
}
