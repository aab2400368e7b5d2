package grpcinstruments

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	estats "google.golang.org/grpc/experimental/stats"
)

// otherValue is the value of all labels of the series for records above the limit.
const otherValue = "other"

// family is one instrument, as a metric of Prometheus.
type family struct {
	descriptor *estats.MetricDescriptor
	name       string
	labels     []string // as Prometheus names them
	positions  []int    // of the labels among the values of a record
	max        int      // series
	salt       uint64   // of the hashes of its label values
	otherKey   string

	// One of the vectors, which holds the series, or the description of an
	// asynchronous gauge. The others are nil.
	counters   *prometheus.CounterVec
	gauges     *prometheus.GaugeVec
	histograms *prometheus.HistogramVec
	async      *prometheus.Desc

	// Guarded by Set.mu.
	series     map[string]*series // by key
	other      *series            // nil until it is needed
	nextExpiry time.Time          // no series expires before it; zero if all are held
}

func newFamily(d *estats.MetricDescriptor, optional []string, maxSeries int) (*family, error) {
	f := &family{descriptor: d, name: metricName(d), max: maxSeries, series: make(map[string]*series)}
	if f.name == "" {
		return nil, errors.New("no name is left of it in Prometheus")
	}
	for i, l := range slices.Concat(d.Labels, d.OptionalLabels) {
		if i < len(d.Labels) || slices.Contains(optional, l) {
			if err := f.addLabel(i, l); err != nil {
				return nil, err
			}
		}
	}
	f.otherKey = key(slices.Repeat([]string{otherValue}, len(f.labels)))
	return f, f.makeVector()
}

func (f *family) addLabel(position int, l string) error {
	name := labelName(l)
	if name == "" {
		return fmt.Errorf("its label %q is not allowed in Prometheus", l)
	}
	if slices.Contains(f.labels, name) {
		return fmt.Errorf("two of its labels are %s in Prometheus", name)
	}
	f.labels = append(f.labels, name)
	f.positions = append(f.positions, position)
	return nil
}

func (f *family) makeVector() error {
	help := f.descriptor.Description
	switch f.descriptor.Type {
	case estats.MetricTypeIntCount, estats.MetricTypeFloatCount:
		f.counters = prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.name, Help: help}, f.labels)
	case estats.MetricTypeIntGauge, estats.MetricTypeIntUpDownCount:
		f.gauges = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.name, Help: help}, f.labels)
	case estats.MetricTypeIntAsyncGauge:
		f.async = prometheus.NewDesc(f.name, help, f.labels, nil)
	case estats.MetricTypeIntHisto, estats.MetricTypeFloatHisto:
		return f.makeHistograms(help)
	default:
		return fmt.Errorf("its type %d is unknown", f.descriptor.Type)
	}
	return nil
}

// makeHistograms refuses what would make Prometheus panic.
func (f *family) makeHistograms(help string) error {
	bounds := f.descriptor.Bounds
	if len(bounds) == 0 {
		bounds = defaultBounds
	}
	for i := 1; i < len(bounds); i++ {
		if !(bounds[i-1] < bounds[i]) { // NaN
			return errors.New("the bounds of its buckets are not in increasing order")
		}
	}
	if slices.Contains(f.labels, "le") {
		return errors.New(`a histogram cannot have the label "le" in Prometheus`)
	}
	f.histograms = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.name, Help: help, Buckets: bounds}, f.labels)
	return nil
}

// defaultBounds are OpenTelemetry's bounds for an instrument that has none.
var defaultBounds = []float64{0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000}

// describe implements [prometheus.Collector], as collect does.
func (f *family) describe(ch chan<- *prometheus.Desc) {
	if f.async != nil {
		ch <- f.async
		return
	}
	f.vector().Describe(ch)
}

// collect sends all but the values of asynchronous gauges.
func (f *family) collect(ch chan<- prometheus.Metric) {
	if f.async == nil {
		f.vector().Collect(ch)
	}
}

// vector is what client_golang's vectors have in common.
type vector interface {
	prometheus.Collector
	DeleteLabelValues(...string) bool
}

func (f *family) vector() vector {
	switch {
	case f.counters != nil:
		return f.counters
	case f.gauges != nil:
		return f.gauges
	default:
		return f.histograms
	}
}

// values returns the values of the family's labels in a record, as valid UTF-8.
func (f *family) values(record []string) []string {
	values := make([]string, len(f.positions))
	for i, at := range f.positions {
		values[i] = strings.ToValidUTF8(strings.Clone(record[at]), "\uFFFD")
	}
	return values
}

// accepts reports whether a record has as many values as the instrument has labels.
func (f *family) accepts(record []string) bool {
	return len(record) == len(f.descriptor.Labels)+len(f.descriptor.OptionalLabels)
}

// key joins values. They are valid UTF-8, so they do not contain the separator.
func key(values []string) string { return strings.Join(values, "\xff") }
