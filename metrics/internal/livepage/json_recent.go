package livepage

import (
	"strconv"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
)

// recentJSON is the windows of a target or a backend. A window that is not known is
// absent. It allocates less than structures with optional fields.
type recentJSON struct {
	*livestatus.Recent
	of *selection.Row // the backend, to tell its share; nil for a target
}

// MarshalJSON implements [json.Marshaler].
func (r recentJSON) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 512), '{')
	if r.Short.Known() {
		b = r.appendWindow(append(b, `"10s":`...), &r.Short, false)
	}
	if r.Long.Known() {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = r.appendWindow(append(b, `"1m":`...), &r.Long, true)
	}
	return append(b, '}'), nil
}

func (r recentJSON) appendWindow(b []byte, w *livestatus.Window, long bool) []byte {
	b = appendNumber(append(b, `{"span_seconds":`...), w.Span.Seconds())
	b = appendNumber(append(b, `,"rps":`...), w.Rate())
	b = appendNumber(append(b, `,"errors_per_second":`...), w.ErrorsPerSecond())
	if w.Ended > 0 {
		b = appendNumber(append(b, `,"success_rate":`...), 1-w.Failing())
	}
	if r.of != nil {
		b = appendNumber(append(b, `,"share":`...), r.of.Share(long))
	}
	if w.Latency.Mean > 0 {
		b = appendLatency(append(b, `,"latency_seconds":`...), &w.Latency)
	}
	if below := w.Below(); below > 0 {
		b = appendNumber(append(b, `,"latency_below_seconds":`...), below.Seconds())
	}
	return append(b, '}')
}

// appendLatency leaves out quantiles if the latency was not measured.
func appendLatency(b []byte, l *livestatus.Latency) []byte {
	b = strconv.AppendUint(append(b, `{"count":`...), l.Count, 10)
	b = appendNumber(append(b, `,"mean":`...), l.Mean.Seconds())
	if !l.Estimated {
		b = appendNumber(append(b, `,"p50":`...), l.P50.Seconds())
		b = appendNumber(append(b, `,"p95":`...), l.P95.Seconds())
		b = appendNumber(append(b, `,"p99":`...), l.P99.Seconds())
	}
	b = strconv.AppendBool(append(b, `,"estimated":`...), l.Estimated)
	return append(b, '}')
}

// appendNumber writes a number with enough digits for a program.
func appendNumber(b []byte, f float64) []byte { return strconv.AppendFloat(b, f, 'g', 6, 64) }

type pointJSON struct {
	At     time.Time `json:"at"`
	Rate   float64   `json:"rps"`
	Errors float64   `json:"errors_per_second"`
}

func newHistoryJSON(history []livestatus.Point) []pointJSON {
	points := make([]pointJSON, 0, len(history))
	for _, p := range history {
		points = append(points, pointJSON{At: p.At.UTC(), Rate: livestatus.PerSecond(p.Picks, p.Span), Errors: livestatus.PerSecond(p.Failed, p.Span)})
	}
	return points
}

type eventJSON struct {
	At           time.Time            `json:"at"`
	First        time.Time            `json:"first_at,omitzero"` // if n is more than 1
	Kind         livestatus.EventKind `json:"kind"`
	Backend      string               `json:"backend,omitempty"`
	Text         string               `json:"text,omitempty"`
	N            int                  `json:"n"`
	Endpoints    int                  `json:"endpoints,omitempty"`
	Added        []string             `json:"added,omitempty"`
	Removed      []string             `json:"removed,omitempty"`
	AddedCount   int                  `json:"added_count,omitempty"`
	RemovedCount int                  `json:"removed_count,omitempty"`
}

func newEventsJSON(events []livestatus.Event) []eventJSON {
	out := make([]eventJSON, 0, len(events))
	for _, e := range events {
		j := eventJSON{
			At: e.At.UTC(), Kind: e.Kind, Backend: e.Backend, Text: e.Text, N: max(e.N, 1),
			Endpoints: e.Endpoints, Added: e.Added, Removed: e.Removed, AddedCount: e.AddedCount, RemovedCount: e.RemovedCount,
		}
		if e.N > 1 {
			j.First = e.FirstAt().UTC()
		}
		out = append(out, j)
	}
	return out
}
