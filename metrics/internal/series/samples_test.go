package series_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
)

// In the order of the labels, color stands between city and street. Records come in the
// order of city and street.
func TestSamplesWithAnExtraLabelAreSorted(t *testing.T) {
	t.Parallel()
	var shops []*shop
	var want []string
	for c := range 3 {
		for s := range 40 {
			shops = append(shops, &shop{city: fmt.Sprint(c), street: fmt.Sprintf("%02d", s), sold: [2]uint64{1, 2}})
		}
		for i, color := range []string{"blue", "red"} {
			for s := range 40 {
				want = append(want, fmt.Sprintf("city=%d color=%s street=%02d %d", c, color, s, i+1))
			}
		}
	}
	if diff := cmp.Diff(want, gathered(t, read(newTable(), series.ForGather, shops...))["sold_total counter Hats sold."]); diff != "" {
		t.Errorf("gathered (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, sent(t, read(newTable(), series.ForSend, shops...))[:len(want)]); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// source is a histogram that only has a sum.
type source float64

func (v *source) Write(m *dto.Metric) error {
	if *v < 0 {
		return errors.New("negative")
	}
	m.Histogram = &dto.Histogram{SampleSum: (*float64)(v), CreatedTimestamp: series.Created(1).Timestamp()}
	return nil
}

// A record may keep a histogram in a form of its own. Its series has the labels of the
// record.
func TestATableReadsAHistogramOfAnotherForm(t *testing.T) {
	t.Parallel()
	r, hours := newShop(), source(8)
	r.waits = &hours
	if got := sent(t, read(newTable(), series.ForSend, r)); !slices.Contains(got, "city=x street=y 8") {
		t.Errorf("sent %v, want the histogram too", got)
	}
	hours = -1
	if _, err := read(newTable(), series.ForGather, r).Gather(nil); err == nil || err.Error() != "write wait_seconds: negative" {
		t.Errorf("gather a histogram that fails: %v, want its error", err)
	}
}

func TestCountersHaveTheCreationTimeOfTheirRecord(t *testing.T) {
	t.Parallel()
	for _, use := range []series.Use{series.ForSend, series.ForGather} {
		first, second := &shop{city: "a", opened: 0}, &shop{city: "b", opened: time.Hour}
		samples := read(newTable(), use, first, second)
		ch := make(chan prometheus.Metric, 100)
		samples.Send(ch)
		close(ch)
		var all []*dto.Metric
		for m := range ch {
			all = append(all, new(dto.Metric))
			if err := m.Write(all[len(all)-1]); err != nil {
				t.Fatal(err)
			}
		}
		families, err := samples.Gather(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			all = append(all, f.Metric...)
		}
		counters := 0
		for _, m := range all {
			if m.Counter == nil {
				continue
			}
			counters++
			want := opened
			if m.Label[0].GetValue() == "b" {
				want = opened.Add(time.Hour)
			}
			if got := m.Counter.CreatedTimestamp.AsTime(); !got.Equal(want) {
				t.Errorf("%v was created at %v, want %v", m.Label, got, want)
			}
		}
		if counters != 4 {
			t.Errorf("%d counters, want 4", counters)
		}
	}
}

// Gauges share their usual values.
func TestValuesOfGaugesAreKeptApart(t *testing.T) {
	t.Parallel()
	values := []float64{0, 1, 0, 7, 8, 8, 1, .5, -1, -.5, 1e9}
	table := series.NewTable([]string{"i"}, series.GaugeBy(series.NewLabel("z", ""), "g", "G.",
		func(v float64, s *series.Samples) { s.AddWith(0, v) }))
	samples := table.NewSamples(len(values), series.ForGather)
	for i, v := range values {
		samples.Begin(0, samples.NewPair(0, fmt.Sprintf("%02d", i)))
		table.Read(v, samples)
	}
	families, err := samples.Gather(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for _, m := range families[0].Metric {
		got = append(got, m.Gauge.GetValue())
	}
	if !slices.Equal(got, values) {
		t.Errorf("values %v, want %v", got, values)
	}
}
