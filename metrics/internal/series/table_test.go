package series_test

import (
	"fmt"
	"strings"
	"testing"

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

// Prometheus panics, but the end of an RPC must not.
func TestAValueCountsEvenWithABadExemplar(t *testing.T) {
	t.Parallel()
	table, r := newTable(), newShop()
	r.waits = table.HistogramMaker("wait_seconds", prometheus.HistogramOpts{}).New(r.labels)
	if err := r.waits.ObserveWith(prometheus.Labels{"id": strings.Repeat("x", 200)}, 1); err == nil {
		t.Error("no error for an exemplar that is too long")
	}
	if err := r.waits.ObserveWith(prometheus.Labels{"id": "x"}, 2); err != nil {
		t.Errorf("a good exemplar: %v", err)
	}
	if got := read(t, table, r); got[len(got)-1] != "city=x street=y 3" {
		t.Errorf("series %q, want the sum of both values in the last", got)
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
