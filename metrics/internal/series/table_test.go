package series_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
)

// shop is a record.
type shop struct {
	city, street string
	opened       time.Duration // after the first
	sold         [2]uint64     // by color
	returned     uint64
	open         int64
	waits        series.Source // or nil
}

func newTable() *series.Table[*shop] {
	return series.NewTable([]string{"street", "city"},
		series.CounterBy(series.NewLabel("color", "blue", "red"), "sold_total", "Hats sold.",
			func(r *shop, s *series.Samples) { s.AddEach(r.sold[:]...) }),
		series.RareCounter("returned_total", "Hats returned.", func(r *shop) uint64 { return r.returned }),
		series.Gauge("open", "Whether it is open.", func(r *shop) int64 { return r.open }),
		series.Histograms("wait_seconds", "Time at the till.", func(r *shop, s *series.Samples) {
			if r.waits != nil {
				s.AddHistogram(r.waits)
			}
		}))
}

// opened is when the first shop opened.
var opened = time.Date(2020, 1, 2, 3, 4, 5, 6, time.UTC)

// read reads the shops.
func read(table *series.Table[*shop], use series.Use, shops ...*shop) *series.Samples {
	samples := table.NewSamples(len(shops), use)
	for _, r := range shops {
		samples.Begin(series.Created(opened.Add(r.opened).UnixNano()), samples.NewPair(0, r.street), samples.NewPair(1, r.city))
		table.Read(r, samples)
	}
	return samples
}

// sent returns the series that the samples send, such as "city=x street=y 3", in order.
func sent(t *testing.T, samples *series.Samples) (all []string) {
	t.Helper()
	ch := make(chan prometheus.Metric, 1000)
	samples.Send(ch)
	close(ch)
	for m := range ch {
		var got dto.Metric
		if err := m.Write(&got); err != nil {
			t.Fatalf("write: %v", err)
		}
		all = append(all, text(t, &got))
	}
	return all
}

func text(t *testing.T, m *dto.Metric) string {
	t.Helper()
	if len(m.Label) != cap(m.Label) {
		t.Errorf("the labels %v have spare capacity", m.Label)
	}
	if m.Counter != nil && m.Counter.CreatedTimestamp == nil {
		t.Errorf("the counter %v has no creation time", m)
	}
	if m.Histogram != nil && m.Histogram.CreatedTimestamp == nil {
		t.Errorf("the histogram %v has no creation time", m)
	}
	var text strings.Builder
	for _, l := range m.Label {
		fmt.Fprintf(&text, "%s=%s ", l.GetName(), l.GetValue())
	}
	fmt.Fprint(&text, m.Counter.GetValue()+m.Gauge.GetValue()+m.Histogram.GetSampleSum())
	return text.String()
}

// gathered returns the families that the samples give a gatherer, with their series.
func gathered(t *testing.T, samples *series.Samples) map[string][]string {
	t.Helper()
	families, err := samples.Gather(nil)
	if err != nil {
		t.Errorf("gather: %v", err)
	}
	all := make(map[string][]string)
	for _, f := range families {
		key := strings.TrimSpace(fmt.Sprint(f.GetName(), " ", strings.ToLower(f.GetType().String()), " ", f.GetHelp(), " ", f.GetUnit()))
		for _, m := range f.Metric {
			all[key] = append(all[key], text(t, m))
		}
	}
	return all
}

func newShop() *shop { return &shop{city: "x", street: "y"} }

func TestATableReadsARecord(t *testing.T) {
	t.Parallel()
	table := newTable()
	r := newShop()
	quiet := []string{"city=x color=blue street=y 0", "city=x color=red street=y 0", "city=x street=y 0"}
	if diff := cmp.Diff(quiet, sent(t, read(table, series.ForSend, r))); diff != "" {
		t.Errorf("a new record (-want +got):\n%s", diff)
	}
	r.sold, r.returned, r.open = [2]uint64{3, 4}, 2, 1
	waits := table.HistogramMaker("wait_seconds", prometheus.HistogramOpts{}).New()
	waits.Observe(5)
	r.waits = waits
	busy := []string{
		"city=x color=blue street=y 3", "city=x color=red street=y 4", "city=x street=y 2",
		"city=x street=y 1", "city=x street=y 5",
	}
	if diff := cmp.Diff(busy, sent(t, read(table, series.ForSend, r))); diff != "" {
		t.Errorf("a busy record (-want +got):\n%s", diff)
	}
}

func TestATableGathersFamilies(t *testing.T) {
	t.Parallel()
	table := newTable()
	quiet, busy := newShop(), &shop{city: "z", street: "a", sold: [2]uint64{3, 4}, returned: 2, open: 1}
	waits := table.HistogramMaker("wait_seconds", prometheus.HistogramOpts{}).New()
	waits.Observe(5)
	busy.waits = waits
	want := map[string][]string{
		"sold_total counter Hats sold.": {
			"city=x color=blue street=y 0", "city=x color=red street=y 0", "city=z color=blue street=a 3", "city=z color=red street=a 4",
		},
		"returned_total counter Hats returned.":            {"city=z street=a 2"},
		"open gauge Whether it is open.":                   {"city=x street=y 0", "city=z street=a 1"},
		"wait_seconds histogram Time at the till. seconds": {"city=z street=a 5"},
	}
	if diff := cmp.Diff(want, gathered(t, read(table, series.ForGather, quiet, busy))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	delete(want, "returned_total counter Hats returned.")
	delete(want, "wait_seconds histogram Time at the till. seconds")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(gathered(t, read(table, series.ForGather, quiet))))); diff != "" {
		t.Errorf("families of a quiet record (-want +got):\n%s", diff)
	}
	if got := gathered(t, read(table, series.ForGather)); len(got) != 0 {
		t.Errorf("families without records: %v, want none", got)
	}
}

func TestATableDescribesItsMetrics(t *testing.T) {
	t.Parallel()
	labels := []string{"city", "street"}
	want := []series.Row{
		{Name: "sold_total", Help: "Hats sold.", Type: "counter", Labels: labels, Label: "color", Values: []string{"blue", "red"}},
		{Name: "returned_total", Help: "Hats returned.", Type: "counter", Labels: labels},
		{Name: "open", Help: "Whether it is open.", Type: "gauge", Labels: labels},
		{Name: "wait_seconds", Help: "Time at the till.", Type: "histogram", Labels: labels},
	}
	table := newTable()
	if diff := cmp.Diff(want, table.Rows()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"city", "street", "color"}, table.Labels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}
