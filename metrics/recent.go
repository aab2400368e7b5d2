package metrics

import (
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// windowID identifies the backend in samples.
func (b *backendRecord) windowID() window.ID {
	return window.ID{Slot: b.slot, Born: time.Duration(b.born)}
}

// windowCounts returns the traffic as samples have it.
func (t *traffic) windowCounts() window.Counts {
	c := window.Counts{Picks: uint32(t.picks), Repicks: uint32(t.repicks), Failed: uint32(t.failed())}
	for _, n := range t.finished {
		c.Ended += uint32(n)
	}
	return c
}

// sampling makes one sample of a target. It is nil if none is due.
type sampling struct {
	target *targetRecord
	sample window.Sample
	ids    []window.ID
	before *window.Sample // the last with durations, if these are wanted
}

// sampleIfDue begins a sample of the target. Those of scrapes have no durations: to
// read them twice would make scrapes dearer.
func (s *series) sampleIfDue(withDurations bool) *sampling {
	t := s.targetRecord
	now := time.Duration(t.now())
	if !t.recent.Due(now) {
		return nil
	}
	sm := &sampling{target: t, ids: make([]window.ID, 0, len(s.backends))}
	sm.sample = window.Sample{At: now, Counts: make([]window.Counts, 0, len(s.backends)), Timed: withDurations}
	if withDurations {
		sm.before = t.recent.LastTimed()
	}
	return sm
}

// add adds a backend.
func (sm *sampling) add(b *backendRecord, c window.Counts) {
	if sm == nil {
		return
	}
	id := b.windowID()
	sm.ids = append(sm.ids, id)
	sm.sample.Put(id, c)
	if !sm.sample.Timed {
		return
	}
	if h := b.rpcDuration.Load(); h != nil && !sm.sample.Keep(id, c, sm.before) {
		sm.sample.PutDurations(id, h.durations())
	}
}

// finish adds the sample to those of the target.
func (sm *sampling) finish() {
	if sm != nil {
		sm.target.recent.Add(&sm.sample, sm.ids)
	}
}

// durations returns the buckets of a histogram of RPC durations.
func (h *histogram) durations() *window.Durations {
	var m dto.Metric
	d := new(window.Durations)
	if h.Histogram.Write(&m) != nil { // Prometheus's own never fails
		return d
	}
	below := uint64(0)
	for i := range window.Bounds {
		n := m.Histogram.Bucket[i].GetCumulativeCount()
		d.Buckets[i] = uint32(n - below)
		below = n
	}
	d.Buckets[len(window.Bounds)] = uint32(m.Histogram.GetSampleCount() - below)
	d.Sum = m.Histogram.GetSampleSum()
	return d
}

// sampleNow samples the target unless that was done just now.
func (s *series) sampleNow() {
	sm := s.sampleIfDue(true)
	if sm == nil {
		return
	}
	for _, b := range s.backends {
		traffic := b.traffic()
		sm.add(b, traffic.windowCounts())
	}
	sm.finish()
}

// pageHistory returns the points of the view.
func pageHistory(v *window.View, at clocks) []livepage.Point {
	history := v.History()
	points := make([]livepage.Point, len(history))
	for i, p := range history {
		points[i] = livepage.Point{At: at.timeOf(instant(p.At)), Span: p.Span, Picks: p.Picks, Ended: p.Ended, Failed: p.Failed}
	}
	return points
}
