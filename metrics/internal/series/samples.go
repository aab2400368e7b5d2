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

// Samples collects the samples of all records of a table in one scrape.
type Samples struct {
	layout  *layout
	columns []column // one for each metric
	records int      // to expect
	begun   int      // how many records have begun

	// Of the record that is being read.
	labels  []*dto.LabelPair
	created *timestamppb.Timestamp
	column  *column

	pairs arena[pair]
	lists arena[*dto.LabelPair]
	times arena[timestamppb.Timestamp]
}

// pair is a label with its value, in one allocation.
type pair struct {
	dto.LabelPair
	value string
}

// NewSamples returns an empty Samples for about as many records.
func (t *Table[R]) NewSamples(records int) *Samples {
	s := &Samples{
		layout:  &t.layout,
		columns: make([]column, len(t.metrics)),
		records: records,
		pairs:   newArena[pair](records * len(t.layout.labels)),
		lists:   newArena[*dto.LabelPair](records * (2*len(t.layout.labels) + 1)),
		times:   newArena[timestamppb.Timestamp](records),
	}
	for i := range s.columns {
		s.columns[i].family = &t.metrics[i].family
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
	s.column.addValue(labels, v, s.created, s.expected())
}

// expected returns how many samples the metric will have, if this is its first. If the
// first record has one, most others have one, too.
func (s *Samples) expected() int {
	if s.begun == 1 {
		return s.records
	}
	return minChunk
}

// AddHistogram adds a histogram without an extra label.
func (s *Samples) AddHistogram(h Histogram) { s.addHistogram(s.labels, h) }

// AddHistogramWith adds a histogram for the i-th value of its extra label.
func (s *Samples) AddHistogramWith(i int, h Histogram) { s.addHistogram(s.with(i), h) }

func (s *Samples) addHistogram(labels []*dto.LabelPair, h Histogram) {
	s.column.addHistogram(labels, h, s.expected())
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

// Send sends the samples. The scrape keeps them.
func (s *Samples) Send(ch chan<- prometheus.Metric) {
	for i := range s.columns {
		for m := range s.columns[i].all() {
			ch <- m
		}
	}
}

// Gather adds the families that have samples, in the order of the table. Their samples
// are sorted by their labels, as those of a registry are.
func (s *Samples) Gather(families []*dto.MetricFamily) ([]*dto.MetricFamily, error) {
	for i := range s.columns {
		c := &s.columns[i]
		if c.len() == 0 {
			continue
		}
		f, err := c.gather()
		if err != nil {
			return families, err
		}
		families = append(families, f)
	}
	return families, nil
}
