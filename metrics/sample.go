package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// sample is one value at one scrape. It is a [prometheus.Metric] that shares
// its label pairs with the other samples of its backend or target, where a
// constant metric of Prometheus's would make its own. A slice of labels that
// samples share must have no room to grow: a wrapping registerer appends to it
// and sorts the result in place.
type sample struct {
	desc    *prometheus.Desc
	labels  []*dto.LabelPair
	value   float64
	created *timestamppb.Timestamp // of a counter; nil for a gauge
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

// created is when a record was made, by the wall clock as it was then, in
// nanoseconds since 1970. It takes a third of the room of a [time.Time].
type created int64

func createdNow() created { return created(time.Now().UnixNano()) }

func (c created) timestamp() *timestamppb.Timestamp { return timestamppb.New(time.Unix(0, int64(c))) }

// samples are those of one record, while its metrics are read. They are used
// again for the next record of the same scope.
type samples struct {
	labels  []*dto.LabelPair       // the record's
	created *timestamppb.Timestamp // when the record was
	family  *family                // of the metric that is being read

	values     []sample // allocated together, and sent
	histograms []*histogram
}

// reset starts anew with a record. It makes room for as many values as the record
// before had: most have the same.
func (s *samples) reset(labels []*dto.LabelPair, at created) {
	s.labels, s.created = labels, at.timestamp()
	s.values, s.histograms = make([]sample, 0, len(s.values)), s.histograms[:0]
}

// add adds the value of a counter or gauge that has no extra label.
func (s *samples) add(v float64) { s.addLabelled(s.labels, v) }

// addWith adds a value of a counter or gauge, with the i-th value of its extra
// label.
func (s *samples) addWith(i int, v float64) {
	s.addLabelled(s.family.with(s.labels, i), v)
}

// addEach adds the values of a counter, one for each value of its extra label, in
// the order of these.
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
