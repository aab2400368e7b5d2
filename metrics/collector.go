package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	o := m.options.Load()
	o.catalog.backend.describe(ch)
	o.catalog.target.describe(ch)
	o.instruments.Describe(ch)
}

// Collect implements [prometheus.Collector]. It drops the records whose
// retention has passed.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	var ofTarget, ofBackend samples
	var reading backendReading
	for _, s := range m.snapshot() {
		ofTarget.reset(s.targetRecord.labels(), s.targetRecord.created)
		s.targetRecord.options.catalog.target.read(&targetReading{s.targetRecord, len(s.instances)}, &ofTarget)
		ofTarget.send(ch)
		sm := s.targetRecord.beginSample()
		for _, b := range s.backends {
			reading = backendReading{b, b.traffic(), b.readySubchannels()}
			sm.add(b, &reading.traffic)
			ofBackend.reset(b.labels(), b.created)
			s.targetRecord.options.catalog.backend.read(&reading, &ofBackend)
			ofBackend.send(ch)
		}
		sm.end()
	}
	m.options.Load().instruments.Collect(ch)
}

// snapshot returns all records. They can be read without a lock.
func (m *Metrics) snapshot() []series {
	m.waits.prune(time.Now())
	return m.records.all()
}

// sample is one value in one scrape. Unlike Prometheus's constant metrics, it
// shares its label pairs with the other samples of its backend or target. A shared
// slice of labels must have no spare capacity: a wrapping registerer appends to it
// and sorts the result in place.
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

// created is when a record was made, by the wall clock at that time, in nanoseconds
// since 1970. It takes a third of the memory of a [time.Time].
type created int64

func createdNow() created { return created(time.Now().UnixNano()) }

func (c created) timestamp() *timestamppb.Timestamp { return timestamppb.New(time.Unix(0, int64(c))) }

// samples collects the samples of one record. It is reused for the next record of
// the same scope.
type samples struct {
	labels  []*dto.LabelPair       // of the record
	created *timestamppb.Timestamp // when the record was made
	family  *family                // of the metric being read

	values     []sample // not reused: a scrape keeps them
	histograms []*histogram
}

// reset prepares for the next record. It makes room for as many values as the last
// record had, because most records have the same number.
func (s *samples) reset(labels []*dto.LabelPair, at created) {
	s.labels, s.created = labels, at.timestamp()
	s.values, s.histograms = make([]sample, 0, len(s.values)), s.histograms[:0]
}

// add adds the value of a counter or gauge without an extra label.
func (s *samples) add(v float64) { s.addLabelled(s.labels, v) }

// addWith adds a value of a counter or gauge for the i-th value of its extra
// label.
func (s *samples) addWith(i int, v float64) {
	s.addLabelled(s.family.with(s.labels, i), v)
}

// addEach adds the values of a counter for all values of its extra label, in
// order.
func (s *samples) addEach(counts ...uint64) {
	for i, n := range counts {
		s.addWith(i, float64(n))
	}
}

func (s *samples) addLabelled(labels []*dto.LabelPair, v float64) {
	one := sample{desc: s.family.desc, labels: labels, value: v}
	if s.family.kind == dto.MetricType_COUNTER {
		one.created = s.created
	}
	s.values = append(s.values, one)
}

func (s *samples) addHistogram(h ...*histogram) { s.histograms = append(s.histograms, h...) }

func (s *samples) send(ch chan<- prometheus.Metric) {
	for i := range s.values {
		ch <- &s.values[i]
	}
	for _, h := range s.histograms {
		ch <- h
	}
}
