package series

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Histogram is a histogram that a record keeps, such as a [prometheus.Histogram].
type Histogram interface {
	// Write fills in the histogram. The samples replace its labels.
	Write(*dto.Metric) error
}

// HistogramMaker makes the histograms of one metric.
type HistogramMaker struct{ opts prometheus.HistogramOpts }

// HistogramMaker returns the maker of the histograms of the named metric, which the
// table must have. It completes opts with the name and the help.
func (t *Table[R]) HistogramMaker(name string, opts prometheus.HistogramOpts) *HistogramMaker {
	m := t.named(name)
	opts.Name, opts.Help = m.name, m.help
	return &HistogramMaker{opts}
}

// New makes a histogram.
func (m *HistogramMaker) New() prometheus.Histogram { return prometheus.NewHistogram(m.opts) }
