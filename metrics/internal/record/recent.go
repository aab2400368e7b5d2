package record

import (
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// windowID identifies the backend in samples.
func (b *Backend) windowID() window.ID {
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

// sampling is a sample of a target while it is taken. Without a sample, because none
// is due, its methods do nothing.
type sampling struct {
	log    *window.Log
	sample *window.Sample // or nil
}

func (t *Target) beginSample() sampling {
	return sampling{t.recent, t.recent.Begin(time.Duration(t.clock.Now()))}
}

// add adds a backend.
func (sm sampling) add(b *Backend, t *traffic) {
	if sm.sample != nil {
		var d latency.Counts
		sm.sample.Put(b.windowID(), t.windowCounts(), b.readDurations(&d))
	}
}

func (sm sampling) end() {
	if sm.sample != nil {
		sm.log.Add(sm.sample)
	}
}

// sample samples the target if a sample is due.
func (l *listing) sample() {
	sm := l.target.beginSample()
	if sm.sample == nil {
		return
	}
	for _, b := range l.backends {
		traffic := b.traffic()
		sm.add(b, &traffic)
	}
	sm.end()
}

// readRecent reads the traffic of the backends, samples it if a sample is due, and
// tells what is recent.
func (p *pageReader) readRecent(l *listing, st *livestatus.Status, m *statusMemory) {
	sm := l.target.beginSample()
	for i, b := range l.backends {
		one, t := &st.Backends[i], b.traffic()
		one.Picks, one.Repicks, one.InFlight, one.RPCs = t.picks, t.repicks, t.inFlight, t.finished
		if d := m.readDurations(i, b); sm.sample != nil {
			sm.sample.Put(b.windowID(), t.windowCounts(), d)
		}
	}
	sm.end()
	view := l.target.recent.View(time.Duration(l.target.clock.Now()))
	defer view.Close()
	for i, b := range l.backends {
		one := &st.Backends[i]
		t := traffic{picks: one.Picks, ends: ends{repicks: one.Repicks, finished: one.RPCs}}
		one.Recent = view.Backend(b.windowID(), t.windowCounts(), m.durationsOf(i), b.histogram())
	}
	st.Recent, st.History = view.Total(), p.history(view)
}

func (p *pageReader) history(v *window.View) []livestatus.Point {
	history := v.History()
	points := make([]livestatus.Point, len(history))
	for i, one := range history {
		points[i] = livestatus.Point{
			At: p.at.TimeOf(clock.Instant(one.At)), Span: one.Span,
			Picks: one.Picks, Ended: one.Ended, Failed: one.Failed,
		}
	}
	return points
}
