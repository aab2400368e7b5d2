package metrics

import (
	"slices"
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

// samples are those of one backend or target, made together to be allocated
// together.
type samples struct {
	created *timestamppb.Timestamp
	all     []sample
}

// newSamples has room for n samples, and makes more if it must.
func newSamples(created time.Time, n int) *samples {
	return &samples{created: timestamppb.New(created), all: make([]sample, 0, n)}
}

func (s *samples) counter(d *prometheus.Desc, labels []*dto.LabelPair, v uint64) {
	s.all = append(s.all, sample{desc: d, labels: labels, value: float64(v), created: s.created})
}

func (s *samples) gauge(d *prometheus.Desc, labels []*dto.LabelPair, v int64) {
	s.all = append(s.all, sample{desc: d, labels: labels, value: float64(v)})
}

func (s *samples) send(ch chan<- prometheus.Metric) {
	for i := range s.all {
		ch <- &s.all[i]
	}
}

// before and after return own with one more pair, where the order of label
// names wants it, and without room to grow.
func before(pair *dto.LabelPair, own []*dto.LabelPair) []*dto.LabelPair {
	return slices.Clip(append([]*dto.LabelPair{pair}, own...))
}

func after(own []*dto.LabelPair, pair *dto.LabelPair) []*dto.LabelPair {
	return slices.Clip(append(slices.Clip(own), pair))
}
