package promql_test

import (
	"context"
	"maps"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// storage has series in memory for the query engine. Prometheus's own storage would add
// dependencies on the clients of all clouds.
type storage struct {
	series map[string]*series   // by labels
	named  map[string][]*series // the same, by name
}

func newStorage() *storage {
	return &storage{series: make(map[string]*series), named: make(map[string][]*series)}
}

type series struct {
	labels  labels.Labels
	samples chunks.SampleSlice
}

func (st *storage) add(l labels.Labels, v sample) {
	key := l.String()
	if st.series[key] == nil {
		added := &series{labels: l}
		name := l.Get(model.MetricNameLabel)
		st.series[key], st.named[name] = added, append(st.named[name], added)
	}
	st.series[key].samples = append(st.series[key].samples, v)
}

// Querier implements the engine's Queryable. It ignores the range, which the engine
// applies itself.
func (st *storage) Querier(int64, int64) (promstorage.Querier, error) { return querier{st}, nil }

type querier struct{ storage *storage }

// Select implements the engine's Querier.
func (q querier) Select(_ context.Context, _ bool, _ *promstorage.SelectHints, matchers ...*labels.Matcher) promstorage.SeriesSet {
	var found []*series
	for _, s := range q.storage.candidates(matchers) {
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.labels.Get(m.Name)) }) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b *series) int { return labels.Compare(a.labels, b.labels) })
	return &seriesSet{rest: found}
}

// candidates returns the series that may match.
func (st *storage) candidates(matchers []*labels.Matcher) (all []*series) {
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return st.named[m.Value]
		}
	}
	return slices.Collect(maps.Values(st.series))
}

// LabelValues implements the engine's Querier, which never asks for it.
func (querier) LabelValues(context.Context, string, *promstorage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames implements the engine's Querier, which never asks for it.
func (querier) LabelNames(context.Context, *promstorage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Close implements the engine's Querier.
func (querier) Close() error { return nil }

// seriesSet implements the engine's SeriesSet.
type seriesSet struct {
	now  *series
	rest []*series
}

func (s *seriesSet) Next() bool {
	if len(s.rest) == 0 {
		return false
	}
	s.now, s.rest = s.rest[0], s.rest[1:]
	return true
}

func (s *seriesSet) At() promstorage.Series          { return s.now }
func (*seriesSet) Err() error                        { return nil }
func (*seriesSet) Warnings() annotations.Annotations { return nil }

// Labels implements the engine's Series.
func (s *series) Labels() labels.Labels { return s.labels }

// Iterator implements the engine's Series.
func (s *series) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return promstorage.NewListSeriesIteratorWithCopy(s.samples)
}

// sample implements the engine's Sample. It is a float or, if there is one, a
// histogram.
type sample struct {
	at int64 // ms
	f  float64
	h  *histogram.FloatHistogram
}

func (s sample) T() int64                      { return s.at }
func (sample) ST() int64                       { return 0 }
func (s sample) F() float64                    { return s.f }
func (sample) H() *histogram.Histogram         { return nil }
func (s sample) FH() *histogram.FloatHistogram { return s.h }
func (s sample) Copy() chunks.Sample           { return s }

func (s sample) Type() chunkenc.ValueType {
	if s.h != nil {
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}
