package events

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

const (
	maxEvents = 64 // of a target

	// When burst events of a kind have come within burstSpan, the last stands for
	// those that follow.
	burst     = 8
	burstSpan = 10 * time.Second
)

// Ring holds the last events of a target. The zero value is empty and ready to use.
type Ring struct {
	// mu guards the fields below. Nothing is called under it.
	mu   sync.Mutex
	list []Event // the oldest is at first
	head int     // where the next goes if the list is full
}

// Add adds the event, or counts it together with an earlier one.
func (r *Ring) Add(e Event) {
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
func (r *Ring) likeLocked(e *Event) *Event {
	var newest *Event
	inBurst := 0
	for i := range r.list {
		old := r.newestLocked(i)
		if i == 0 && old.kind == e.kind && old.backend == e.backend && old.text == e.text && e.change == nil {
			return old
		}
		if old.kind != e.kind {
			continue
		}
		if e.at.Sub(old.at) > burstSpan {
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
func (r *Ring) newestLocked(i int) *Event {
	n := len(r.list)
	return &r.list[(r.head+2*n-1-i)%n]
}

// newestFirst returns the events, sorted by time.
func (r *Ring) newestFirst() []Event {
	r.mu.Lock()
	list := slices.Clone(r.list)
	for i := range list {
		list[i] = *r.newestLocked(i)
	}
	r.mu.Unlock()
	slices.SortStableFunc(list, func(a, b Event) int { return cmp.Compare(b.at, a.at) })
	return list
}

// Page returns the events for the live page.
func (r *Ring) Page(at clock.Moment) []livestatus.Event {
	list := r.newestFirst()
	events := make([]livestatus.Event, len(list))
	for i, e := range list {
		events[i] = livestatus.Event{At: at.TimeOf(e.at), First: at.TimeOf(e.first), Kind: e.kind, Backend: e.backend, Text: e.text, N: e.n}
		if c := e.change; c != nil {
			events[i].Endpoints, events[i].AddedCount, events[i].RemovedCount = c.endpoints, c.addedCount, c.removedCount
			events[i].Added, events[i].Removed = c.added, c.removed
		}
	}
	return events
}
