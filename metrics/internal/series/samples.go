package series

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Created is when a record was made, by the wall clock at that time, in nanoseconds
// since 1970. It takes a third of the memory of a [time.Time].
type Created int64

// CreatedNow returns the time of a record that is being made.
func CreatedNow() Created { return Created(time.Now().UnixNano()) }

// Timestamp returns the time as Prometheus has it.
func (c Created) Timestamp() *timestamppb.Timestamp {
	t := new(timestamppb.Timestamp)
	c.write(t)
	return t
}

func (c Created) write(t *timestamppb.Timestamp) {
	t.Seconds, t.Nanos = int64(c)/int64(time.Second), int32(int64(c)%int64(time.Second))
}

// Use is what a Samples is for.
type Use int

// The values of a Use.
const (
	ForSend Use = iota
	ForGather
)

// Samples collects the samples of all records of a table in one scrape.
type Samples struct {
	layout  *layout
	columns []column // one for each metric
	records int      // to expect
	begun   int      // how many records have begun

	// Of the record that is being read.
	labels   []*dto.LabelPair
	created  *timestamppb.Timestamp
	counters []*counter // with different values
	column   *column

	gauges [8]*gauge // with the values from 0, of all records

	pairs     arena[pair]
	lists     arena[*dto.LabelPair]
	times     arena[timestamppb.Timestamp]
	ofCounter arena[counter]
	ofGauge   arena[gauge]
}

// pair is a label with its value, in one allocation.
type pair struct {
	dto.LabelPair
	value string
}

// NewSamples returns an empty Samples for about as many records.
func (t *Table[R]) NewSamples(records int, use Use) *Samples {
	s := &Samples{
		layout:    &t.layout,
		columns:   make([]column, len(t.metrics)),
		records:   records,
		pairs:     newArena[pair](records * len(t.layout.labels)),
		lists:     newArena[*dto.LabelPair](records * (2*len(t.layout.labels) + 1)),
		times:     newArena[timestamppb.Timestamp](records),
		ofCounter: newArena[counter](records * len(t.metrics)),
		ofGauge:   newArena[gauge](records),
	}
	for i := range s.columns {
		s.columns[i] = column{family: &t.metrics[i].family, use: use}
	}
	return s
}

// NewPair returns the i-th label of those that NewTable was given, with its value.
// Records can share the result.
func (s *Samples) NewPair(i int, value string) *dto.LabelPair {
	p := &s.pairs.take(1)[0]
	p.value = value
	p.Name, p.Value = &s.layout.given[i], &p.value
	return &p.LabelPair
}

// Begin prepares for the next record, whose values of the labels must be greater than
// those of the last. pairs has a pair for each label, in the order in which NewTable was
// given their names.
func (s *Samples) Begin(at Created, pairs ...*dto.LabelPair) {
	s.labels = s.lists.take(len(pairs))
	for i, p := range pairs {
		s.labels[s.layout.ranks[i]] = p
	}
	s.created = &s.times.take(1)[0]
	at.write(s.created)
	s.counters = s.counters[:0]
	s.begun++
}

// add adds the value of a counter or gauge without an extra label.
func (s *Samples) add(v float64) { s.addLabelled(s.labels, v) }

// AddWith adds a value of a counter or gauge for the i-th value of its extra label.
func (s *Samples) AddWith(i int, v float64) { s.addLabelled(s.with(i), v) }

// AddEach adds the values of a counter for all values of its extra label, in order.
func (s *Samples) AddEach(counts ...uint64) {
	for i, n := range counts {
		s.AddWith(i, float64(n))
	}
}

func (s *Samples) addLabelled(labels []*dto.LabelPair, v float64) {
	if s.column.family.kind == dto.MetricType_COUNTER {
		s.addSource(labels, s.counter(v))
	} else {
		s.addSource(labels, s.gauge(v))
	}
}

// counter returns a counter of the record with the value. Most are 0 or equal to
// another, so a few do for all.
func (s *Samples) counter(v float64) *counter {
	for _, c := range s.counters {
		if c.value == v {
			return c
		}
	}
	c := &s.ofCounter.take(1)[0]
	c.value = v
	c.counter.Value, c.counter.CreatedTimestamp = &c.value, s.created
	s.counters = append(s.counters, c)
	return c
}

// gauge returns a gauge with the value.
func (s *Samples) gauge(v float64) *gauge {
	i := int(v)
	usual := float64(i) == v && i >= 0 && i < len(s.gauges)
	if usual && s.gauges[i] != nil {
		return s.gauges[i]
	}
	g := &s.ofGauge.take(1)[0]
	g.value = v
	g.gauge.Value = &g.value
	if usual {
		s.gauges[i] = g
	}
	return g
}

// AddHistogram adds a histogram without an extra label.
func (s *Samples) AddHistogram(h Source) { s.addSource(s.labels, h) }

// AddHistogramWith adds a histogram for the i-th value of its extra label.
func (s *Samples) AddHistogramWith(i int, h Source) { s.addSource(s.with(i), h) }

func (s *Samples) addSource(labels []*dto.LabelPair, v Source) {
	expected := minChunk
	if s.begun == 1 {
		expected = s.records // what the first record has, most others have, too
	}
	s.column.add(labels, v, expected)
}

// with returns the labels of the record and the i-th value of the extra label, sorted by
// name.
func (s *Samples) with(i int) []*dto.LabelPair {
	f := s.column.family
	all := s.lists.take(len(s.labels) + 1)
	copy(all, s.labels[:f.at])
	all[f.at] = f.extra.values[i]
	copy(all[f.at+1:], s.labels[f.at:])
	return all
}

// Send sends the samples, which are for it. The scrape keeps them.
func (s *Samples) Send(ch chan<- prometheus.Metric) {
	for i := range s.columns {
		s.columns[i].send(ch)
	}
}

// Gather adds the families that have samples, which are for it, in the order of the
// table. The samples are sorted by their labels, as those of a registry are.
func (s *Samples) Gather(families []*dto.MetricFamily) ([]*dto.MetricFamily, error) {
	for i := range s.columns {
		f, err := s.columns[i].gather()
		if err != nil {
			return families, err
		}
		if len(f.Metric) > 0 {
			families = append(families, f)
		}
	}
	return families, nil
}
