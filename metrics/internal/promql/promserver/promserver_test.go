package promserver_test

import (
	"math"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/metrics/internal/promql/promserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSamplesAreStoredAtTheirTimes(t *testing.T) {
	t.Parallel()
	s := promserver.Start(t, "global: {}", promserver.WithWrite)
	begin := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	stale := math.Float64frombits(0x7ff0000000000002) // as Prometheus marks the end of a series
	var points []promserver.Point
	for i := range 100_000 { // more than a block of snappy
		points = append(points, promserver.Point{At: begin.UnixMilli() + int64(i), Value: float64(i)})
	}
	end := begin.Add(100 * time.Second)
	points = append(points, promserver.Point{At: end.UnixMilli(), Value: stale})
	s.Write(t, []promserver.Series{{Labels: []promserver.Label{{"__name__", "a"}, {"b", "c"}}, Samples: points}})

	for at, want := range map[time.Duration]float64{0: 0, time.Second: 1000, 99_999 * time.Millisecond: 99_999} {
		got := s.Query(t, "a", begin.Add(at))
		if len(got) != 1 || got[0].Value != want || got[0].Labels["b"] != "c" {
			t.Errorf("after %v the series is %v, want %v", at, got, want)
		}
	}
	if got := s.Query(t, "a", end.Add(time.Second)); len(got) > 0 {
		t.Errorf("after its end the series is %v, want none", got)
	}
}

func TestServerTellsOfItself(t *testing.T) {
	t.Parallel()
	s := promserver.Start(t, "global: {}")
	s.CollectGarbage(t)
	if got := s.Own(t, "process_resident_memory_bytes"); got < 1e6 {
		t.Errorf("resident memory is %v bytes", got)
	}
	if got := s.Own(t, "prometheus_tsdb_head_series"); got != 0 {
		t.Errorf("a server that scrapes nothing has %v series, want 0", got)
	}
	if got := s.Number(t, "vector(1)"); got != 1 {
		t.Errorf("vector(1) is %v", got)
	}
	if promserver.Version(t) == "" {
		t.Error("there is no version")
	}
}

func TestAcceptsTellsGoodConfigsFromBad(t *testing.T) {
	t.Parallel()
	if !promserver.Accepts(t, "global: {}") || promserver.Accepts(t, "nonsense: {}") {
		t.Error("a good config is not accepted, or a bad one is")
	}
}
