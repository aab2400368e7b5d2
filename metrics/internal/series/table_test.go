package series_test

import (
	"fmt"
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
	labels   []*dto.LabelPair
	sold     [2]uint64 // by color
	returned uint64
	open     int64
	waits    *series.Histogram // or nil
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

// read returns the series of the shop, such as "city=x street=y 3", in order.
func read(t *testing.T, table *series.Table[*shop], r *shop) (all []string) {
	t.Helper()
	var samples series.Samples
	samples.Reset(r.labels, series.CreatedNow())
	table.Read(r, &samples)
	ch := make(chan prometheus.Metric, 10)
	samples.Send(ch)
	close(ch)
	for m := range ch {
		var got dto.Metric
		if err := m.Write(&got); err != nil {
			t.Fatalf("write: %v", err)
		}
		if len(got.Label) != cap(got.Label) {
			t.Errorf("the labels %v have spare capacity", got.Label)
		}
		if got.Counter != nil && got.Counter.CreatedTimestamp == nil {
			t.Errorf("the counter %v has no creation time", &got)
		}
		if got.Histogram != nil && got.Histogram.CreatedTimestamp == nil {
			t.Errorf("the histogram %v has no creation time", &got)
		}
		var text strings.Builder
		for _, l := range got.Label {
			fmt.Fprintf(&text, "%s=%s ", l.GetName(), l.GetValue())
		}
		fmt.Fprint(&text, got.Counter.GetValue()+got.Gauge.GetValue()+got.Histogram.GetSampleSum())
		all = append(all, text.String())
	}
	return all
}

func newShop() *shop {
	return &shop{labels: []*dto.LabelPair{series.Pair("city", "x"), series.Pair("street", "y")}}
}

func TestATableReadsARecord(t *testing.T) {
	t.Parallel()
	table := newTable()
	r := newShop()
	quiet := []string{"city=x color=blue street=y 0", "city=x color=red street=y 0", "city=x street=y 0"}
	if diff := cmp.Diff(quiet, read(t, table, r)); diff != "" {
		t.Errorf("a new record (-want +got):\n%s", diff)
	}
	r.sold, r.returned, r.open = [2]uint64{3, 4}, 2, 1
	r.waits = table.HistogramMaker("wait_seconds", prometheus.HistogramOpts{}).New(r.labels)
	r.waits.Observe(5)
	busy := []string{
		"city=x color=blue street=y 3", "city=x color=red street=y 4", "city=x street=y 2",
		"city=x street=y 1", "city=x street=y 5",
	}
	if diff := cmp.Diff(busy, read(t, table, r)); diff != "" {
		t.Errorf("a busy record (-want +got):\n%s", diff)
	}
}

// source is a histogram that only has a sum.
type source float64

func (v *source) Write(h *dto.Histogram) { h.SampleSum = (*float64)(v) }

// A record may keep a histogram in a form of its own. Its series has the labels of the
// record.
func TestATableReadsAHistogramOfAnotherForm(t *testing.T) {
	t.Parallel()
	hours, opened := source(8), time.Date(2020, 1, 2, 3, 4, 5, 6, time.UTC)
	table := series.NewTable([]string{"street", "city"},
		series.Histograms("open_seconds", "How long it was open.", func(_ *shop, s *series.Samples) { s.AddHistogramOf(&hours, series.Created(opened.UnixNano())) }))
	if diff := cmp.Diff([]string{"city=x street=y 8"}, read(t, table, newShop())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var samples series.Samples
	samples.Reset(newShop().labels, series.CreatedNow())
	table.Read(nil, &samples)
	ch := make(chan prometheus.Metric, 1)
	samples.Send(ch)
	var got dto.Metric
	m := <-ch
	if err := m.Write(&got); err != nil {
		t.Fatal(err)
	}
	if created := got.Histogram.CreatedTimestamp.AsTime(); !created.Equal(opened) {
		t.Errorf("created at %v, want %v", created, opened)
	}
	if !strings.Contains(m.Desc().String(), "open_seconds") {
		t.Errorf("described as %v", m.Desc())
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
