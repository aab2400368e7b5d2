package series

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// column has the samples of one metric in one scrape. They are in the list that its type
// says.
type column struct {
	family     *family
	counters   list[counter]
	gauges     list[gauge]
	histograms list[histogram]
}

// sample is one of a column.
type sample interface {
	prometheus.Metric
	pairs() []*dto.LabelPair
}

func (c *column) len() int { return c.counters.len + c.gauges.len + c.histograms.len }

// addValue adds a counter or a gauge. The column may expect as many in all.
func (c *column) addValue(labels []*dto.LabelPair, v float64, created *timestamppb.Timestamp, expected int) {
	if c.family.kind == dto.MetricType_COUNTER {
		s := c.counters.next(expected)
		s.common, s.value = common{c.family, labels}, v
		s.counter.Value, s.counter.CreatedTimestamp = &s.value, created
		return
	}
	s := c.gauges.next(expected)
	s.common, s.value = common{c.family, labels}, v
	s.gauge.Value = &s.value
}

func (c *column) addHistogram(labels []*dto.LabelPair, h Histogram, expected int) {
	*c.histograms.next(expected) = histogram{common{c.family, labels}, h}
}

// all returns the samples, sorted by their labels.
func (c *column) all() iter.Seq[sample] {
	if c.family.extra.name == "" {
		return c.unsorted()
	}
	all := slices.AppendSeq(make([]sample, 0, c.len()), c.unsorted())
	sortByLabels(all, c.family.at)
	return slices.Values(all)
}

// unsorted returns the samples in the order in which they were added.
func (c *column) unsorted() iter.Seq[sample] {
	switch c.family.kind {
	case dto.MetricType_COUNTER:
		return samplesOf(c.counters.all())
	case dto.MetricType_GAUGE:
		return samplesOf(c.gauges.all())
	default:
		return samplesOf(c.histograms.all())
	}
}

func samplesOf[S sample](all iter.Seq[S]) iter.Seq[sample] {
	return func(yield func(sample) bool) {
		for s := range all {
			if !yield(s) {
				return
			}
		}
	}
}

// sortByLabels sorts samples whose records are in order, but whose extra label, the
// at-th, is not. So it sorts those together that agree in the labels before it.
func sortByLabels(samples []sample, at int) {
	for len(samples) > 0 {
		first, n := samples[0].pairs()[:at], 1
		for n < len(samples) && compareLabels(first, samples[n].pairs()[:at]) == 0 {
			n++
		}
		slices.SortFunc(samples[:n], func(a, b sample) int { return compareLabels(a.pairs(), b.pairs()) })
		samples = samples[n:]
	}
}

// compareLabels compares the values of the same labels.
func compareLabels(a, b []*dto.LabelPair) int {
	for i := range a {
		if a[i] == b[i] {
			continue // usual within a record
		}
		if c := strings.Compare(a[i].GetValue(), b[i].GetValue()); c != 0 {
			return c
		}
	}
	return 0
}

// gather returns the metric with its samples.
func (c *column) gather() (*dto.MetricFamily, error) {
	f := c.family.empty()
	metrics := make([]dto.Metric, c.len())
	f.Metric = make([]*dto.Metric, 0, len(metrics))
	for s := range c.all() {
		m := &metrics[len(f.Metric)]
		if err := s.Write(m); err != nil {
			return nil, fmt.Errorf("write %s: %w", c.family.name, err)
		}
		f.Metric = append(f.Metric, m)
	}
	return f, nil
}
