package series

import "github.com/prometheus/client_golang/prometheus"

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
