package series

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// sample is one value in one scrape. Unlike Prometheus's constant metrics, it
// shares its label pairs with the other samples of its record.
type sample struct {
	desc    *prometheus.Desc
	labels  []*dto.LabelPair
	value   float64
	created *timestamppb.Timestamp // for counters; nil for gauges
}

// Desc implements [prometheus.Metric].
func (s *sample) Desc() *prometheus.Desc { return s.desc }

// Write implements [prometheus.Metric].
func (s *sample) Write(m *dto.Metric) error {
	m.Label = s.labels
	if s.created != nil {
		m.Counter = &dto.Counter{Value: &s.value, CreatedTimestamp: s.created}
	} else {
		m.Gauge = &dto.Gauge{Value: &s.value}
	}
	return nil
}

// Created is when a record was made, by the wall clock at that time, in nanoseconds
// since 1970. It takes a third of the memory of a [time.Time].
type Created int64

// CreatedNow returns the time of a record that is being made.
func CreatedNow() Created { return Created(time.Now().UnixNano()) }

func (c Created) timestamp() *timestamppb.Timestamp { return timestamppb.New(time.Unix(0, int64(c))) }

// Samples collects the samples of one record. It is reused for the next record of
// the same table. The zero value is ready for use.
type Samples struct {
	labels  []*dto.LabelPair       // of the record
	created *timestamppb.Timestamp // when the record was made
	family  *family                // of the metric being read

	values     []sample // not reused: a scrape keeps them
	histograms []prometheus.Metric
}

// Reset prepares for the next record. It makes room for as many values as the last
// record had, because most records have the same number.
func (s *Samples) Reset(labels []*dto.LabelPair, at Created) {
	s.labels, s.created = labels, at.timestamp()
	s.values, s.histograms = make([]sample, 0, len(s.values)), s.histograms[:0]
}

// add adds the value of a counter or gauge without an extra label.
func (s *Samples) add(v float64) { s.addLabelled(s.labels, v) }

// AddWith adds a value of a counter or gauge for the i-th value of its extra label.
func (s *Samples) AddWith(i int, v float64) {
	s.addLabelled(s.family.with(s.labels, i), v)
}

// AddEach adds the values of a counter for all values of its extra label, in order.
func (s *Samples) AddEach(counts ...uint64) {
	for i, n := range counts {
		s.AddWith(i, float64(n))
	}
}

func (s *Samples) addLabelled(labels []*dto.LabelPair, v float64) {
	one := sample{desc: s.family.desc, labels: labels, value: v}
	if s.family.kind == dto.MetricType_COUNTER {
		one.created = s.created
	}
	s.values = append(s.values, one)
}

// AddHistogram adds a histogram, which must be one of the metric being read.
func (s *Samples) AddHistogram(h *Histogram) { s.histograms = append(s.histograms, h) }

// AddHistogramOf adds the histogram that the source writes, and that was made at the time.
func (s *Samples) AddHistogramOf(source HistogramSource, at Created) {
	s.histograms = append(s.histograms, &histogram{desc: s.family.desc, labels: s.labels, created: at, source: source})
}

// Send sends the samples. The scrape keeps them.
func (s *Samples) Send(ch chan<- prometheus.Metric) {
	for i := range s.values {
		ch <- &s.values[i]
	}
	for _, h := range s.histograms {
		ch <- h
	}
}
