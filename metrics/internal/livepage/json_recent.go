package livepage

import (
	"strconv"
	"time"
)

// recentJSON is the windows. One that is not known is absent.
type recentJSON struct {
	Short *windowJSON `json:"10s,omitempty"`
	Long  *windowJSON `json:"1m,omitempty"`
}

type windowJSON struct {
	*Window
	of    *row // whose share is told; nil for a target
	index int  // of the window
}

// newRecentJSON takes the row of a backend, or nil for a target.
func newRecentJSON(r *Recent, of *row) recentJSON {
	var out recentJSON
	if r.Short.known() {
		out.Short = &windowJSON{&r.Short, of, shortWindow}
	}
	if r.Long.known() {
		out.Long = &windowJSON{&r.Long, of, longWindow}
	}
	return out
}

// MarshalJSON implements [json.Marshaler]. It allocates less than a structure with
// optional fields.
func (w *windowJSON) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 256)
	b = appendNumber(append(b, `{"span_seconds":`...), w.Span.Seconds())
	b = appendNumber(append(b, `,"rps":`...), w.rate())
	b = appendNumber(append(b, `,"errors_per_second":`...), w.errorsPerSecond())
	if w.Ended > 0 {
		b = appendNumber(append(b, `,"success_rate":`...), 1-w.failing())
	}
	if w.of != nil {
		b = appendNumber(append(b, `,"share":`...), w.of.share(w.index))
	}
	if w.Latency.Mean > 0 {
		b = w.Latency.appendJSON(append(b, `,"latency_seconds":`...))
	}
	return append(b, '}'), nil
}

// appendJSON leaves out quantiles if the latency was not measured.
func (l *Latency) appendJSON(b []byte) []byte {
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

func newHistoryJSON(history []Point) []pointJSON {
	points := make([]pointJSON, 0, len(history))
	for _, p := range history {
		points = append(points, pointJSON{At: p.At.UTC(), Rate: perSecond(p.Picks, p.Span), Errors: perSecond(p.Failed, p.Span)})
	}
	return points
}

type eventJSON struct {
	At           time.Time `json:"at"`
	Kind         EventKind `json:"kind"`
	Backend      string    `json:"backend,omitempty"`
	Text         string    `json:"text,omitempty"`
	N            int       `json:"n"`
	Endpoints    int       `json:"endpoints,omitempty"`
	Added        []string  `json:"added,omitempty"`
	Removed      []string  `json:"removed,omitempty"`
	AddedCount   int       `json:"added_count,omitempty"`
	RemovedCount int       `json:"removed_count,omitempty"`
}

func newEventsJSON(events []Event) []eventJSON {
	out := make([]eventJSON, 0, len(events))
	for _, e := range events {
		out = append(out, eventJSON{
			At: e.At.UTC(), Kind: e.Kind, Backend: e.Backend, Text: e.Text, N: max(e.N, 1),
			Endpoints: e.Endpoints, Added: e.Added, Removed: e.Removed, AddedCount: e.AddedCount, RemovedCount: e.RemovedCount,
		})
	}
	return out
}
