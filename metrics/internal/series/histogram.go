package series

import (
	"fmt"

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

// ObserveWith observes the value with an exemplar. If Prometheus refuses the exemplar,
// the value counts without it, and ObserveWith returns an error.
func (h *Histogram) ObserveWith(exemplar prometheus.Labels, v float64) (err error) {
	defer func() { // Prometheus counts the observation and then panics
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%v", reason)
		}
	}()
	h.Histogram.(prometheus.ExemplarObserver).ObserveWithExemplar(v, exemplar)
	return nil
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
