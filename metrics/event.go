package metrics

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

const (
	maxEvents = 64 // of a target

	// When burst events of a kind have come within burstSpan, the last stands for
	// those that follow.
	burst     = 8
	burstSpan = 10 * time.Second
)

// event is something that happened to a target or to a backend of it.
type event struct {
	at      instant
	first   instant // when the first of the n happened
	kind    livestatus.EventKind
	backend string
	text    string
	change  *endpointChange // of a resolver update
	n       int             // see livestatus.Event; 1 when it happens
}

// happening is an event before it is told. It is made under a lock, so it holds the
// error and not its text: err.Error may be anybody's code.
type happening struct {
	kind    livestatus.EventKind
	backend *backendRecord // nil for the target
	detail  string
	err     error // nil if there was none
	change  *endpointChange
}

// tell adds events to the last ones of the target, and to the log. The caller must not
// hold a lock.
func (inst *instance) tell(news ...happening) {
	for _, h := range news {
		now := inst.metrics.now()
		e := event{at: now, first: now, kind: h.kind, text: h.text(), change: h.change, n: 1}
		if h.backend != nil {
			e.backend = h.backend.namePair.GetValue()
		}
		inst.targetRecord.events.add(e)
		inst.metrics.eventLog.add(inst, e)
	}
}

func (h *happening) text() string {
	switch {
	case h.err == nil:
		return h.detail
	case h.detail == "":
		return shortened(h.err.Error())
	}
	return h.detail + ": " + shortened(h.err.Error())
}

// eventRing holds the last events of a target.
type eventRing struct {
	// mu guards the fields below. Nothing is called under it.
	mu   sync.Mutex
	list []event // the oldest is at first
	head int     // where the next goes if the list is full
}

// add adds the event, or counts it together with an earlier one.
func (r *eventRing) add(e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if like := r.likeLocked(&e); like != nil {
		e.n, e.first = like.n+1, like.first
		*like = e
		return
	}
	if len(r.list) < maxEvents {
		r.list = append(r.list, e)
		return
	}
	r.list[r.head] = e
	r.head = (r.head + 1) % maxEvents
}

// likeLocked returns the earlier event that e is counted together with, or nil. That is
// the newest event if e is the same again, or the newest of a burst of e's kind.
func (r *eventRing) likeLocked(e *event) *event {
	var newest *event
	inBurst := 0
	for i := range r.list {
		old := r.newestLocked(i)
		if i == 0 && old.kind == e.kind && old.backend == e.backend && old.text == e.text && e.change == nil {
			return old
		}
		if old.kind != e.kind {
			continue
		}
		if time.Duration(e.at-old.at) > burstSpan {
			break
		}
		if newest == nil {
			newest = old
		}
		inBurst++
	}
	if inBurst < burst {
		return nil
	}
	return newest
}

// newestLocked returns the i-th event, counted from the newest.
func (r *eventRing) newestLocked(i int) *event {
	n := len(r.list)
	return &r.list[(r.head+2*n-1-i)%n]
}

// newestFirst returns the events, sorted by time.
func (r *eventRing) newestFirst() []event {
	r.mu.Lock()
	list := slices.Clone(r.list)
	for i := range list {
		list[i] = *r.newestLocked(i)
	}
	r.mu.Unlock()
	slices.SortStableFunc(list, func(a, b event) int { return cmp.Compare(b.at, a.at) })
	return list
}

// pageEvents returns the events for the live page.
func (r *eventRing) pageEvents(at clocks) []livestatus.Event {
	list := r.newestFirst()
	events := make([]livestatus.Event, len(list))
	for i, e := range list {
		events[i] = livestatus.Event{At: at.timeOf(e.at), First: at.timeOf(e.first), Kind: e.kind, Backend: e.backend, Text: e.text, N: e.n}
		if c := e.change; c != nil {
			events[i].Endpoints, events[i].AddedCount, events[i].RemovedCount = c.endpoints, c.addedCount, c.removedCount
			events[i].Added, events[i].Removed = c.added, c.removed
		}
	}
	return events
}
