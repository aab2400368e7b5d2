package record

import (
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/reuse"
)

// Instance is a policy instance, as the live page reads it. It must be comparable.
type Instance interface {
	// ReadSubchannels calls yield for each subchannel of the instance. It returns the
	// state that the policy reported last, and since when. yield takes no lock.
	ReadSubchannels(yield func(Subchannel)) (state connectivity.State, since clock.Instant)
}

// Subchannel is the state of a subchannel, as the live page reads it.
type Subchannel struct {
	Backend   *Backend
	State     connectivity.State
	Usability Usability
	Since     clock.Instant // when State began
}

// Snapshot lists the targets for the live page, which then reads those that it shows.
// Times are relative to the moment of the list, which is wall by the wall clock.
// The page says how long the retention is.
func (s *Store) Snapshot(wall time.Time, retention time.Duration) livestatus.Snapshot {
	reader := &pageReader{store: s, at: clock.Moment{Wall: wall, Now: s.clock.Now()}}
	targets := s.listTargets()
	snapshot := livestatus.Snapshot{
		Time: wall, Retention: retention,
		Targets: make([]livestatus.Target, len(targets)), Release: reader.release,
	}
	for i, t := range targets {
		snapshot.Targets[i] = reader.target(t)
	}
	return snapshot
}

// pageReader reads targets for one answer of the live page.
type pageReader struct {
	store *Store
	at    clock.Moment
	used  []*statusMemory
}

// statusMemory is the memory for the status of a target. With thousands of backends
// each answer would take megabytes, so the memory is used again.
type statusMemory struct {
	backends []livestatus.Backend
	bySlot   []backendStatus

	durations []latency.Counts // of the backends; empty while none is measured
}

// readDurations reads the durations of the i-th backend. It returns nil if none was
// measured.
func (m *statusMemory) readDurations(i int, b *Backend) *latency.Counts {
	if len(m.durations) == 0 && b.durations.Load() != nil {
		m.durations = resize(m.durations, len(m.backends))
	}
	if len(m.durations) == 0 {
		return nil
	}
	return b.readDurations(&m.durations[i])
}

// durationsOf returns what readDurations has read.
func (m *statusMemory) durationsOf(i int) *latency.Counts {
	if len(m.durations) == 0 {
		return nil
	}
	return &m.durations[i]
}

// backendStatus is a backend and its status. Both are nil in a slot without a backend.
type backendStatus struct {
	record *Backend
	status *livestatus.Backend
}

var statusMemories reuse.Pool[statusMemory]

// resize returns the list with n zero elements.
func resize[T any](list []T, n int) []T {
	if cap(list) < n {
		return make([]T, n)
	}
	list = list[:n]
	clear(list)
	return list
}

// release implements [livestatus.Snapshot].
func (p *pageReader) release() {
	for _, m := range slices.Backward(p.used) { // so that each target finds its memory the next time
		clear(m.backends) // so that they hold no errors and records in memory
		clear(m.bySlot)
		statusMemories.Put(m)
	}
	p.used = nil
}

// target returns a target for the page. Its backends are listed once, when they are
// asked for first, so that an answer shows nearly a single moment.
func (p *pageReader) target(t *Target) livestatus.Target {
	list := sync.OnceValue(func() listing { return p.store.of(t) })
	return livestatus.Target{
		Key: livestatus.Key(t.key),
		Sample: func() time.Duration {
			wait := t.recent.Wait(time.Duration(t.clock.Now()))
			if wait > 0 {
				l := list()
				l.sample()
			}
			return wait
		},
		Read: func() livestatus.Status { return p.status(list()) },
	}
}

// status reads the records of a target.
func (p *pageReader) status(l listing) livestatus.Status {
	m := statusMemories.Get()
	p.used = append(p.used, m)
	m.durations = m.durations[:0]
	m.backends, m.bySlot = resize(m.backends, len(l.backends)), resize(m.bySlot, l.slots())
	t := l.target
	st := livestatus.Status{
		Instances:    make([]livestatus.Instance, 0, len(l.instances)),
		PicksDelayed: t.delayed.Load(),
		PicksFailed:  t.failed.Load(),
		Folded:       t.folded.Load(),
		Waiting:      t.waiting.Load(),
		Backends:     m.backends,
	}
	for i, b := range l.backends {
		m.bySlot[b.slot] = backendStatus{b, &m.backends[i]}
	}
	// States before counters, so that a READY backend has a connection counted.
	for _, inst := range l.instances {
		st.Instances = append(st.Instances, p.instanceStatus(inst, m.bySlot))
	}
	for i, b := range l.backends {
		p.readBackend(b, &m.backends[i])
	}
	p.readRecent(&l, &st, m)
	st.Events = t.events.Page(p.at)
	return st
}

// instanceStatus returns the state of the policy instance and adds its SubConns to
// their backends. It skips backends that were made after the records were listed, even
// if they have the slot of a listed one that was dropped.
func (p *pageReader) instanceStatus(inst Instance, bySlot []backendStatus) livestatus.Instance {
	state, since := inst.ReadSubchannels(func(sc Subchannel) {
		slot := int(sc.Backend.slot)
		if slot < len(bySlot) && bySlot[slot].record == sc.Backend {
			bySlot[slot].status.AddSubchannel(sc.State, sc.Usability.String(), p.at.TimeOf(sc.Since))
		}
	})
	return livestatus.Instance{State: state, Since: p.at.TimeOf(since)}
}

// readBackend copies what the record says about connections and errors, after
// instanceStatus has added the SubConns.
func (p *pageReader) readBackend(b *Backend, s *livestatus.Backend) {
	s.Name = b.Name()
	s.Connected, s.ConnectFailed = b.connected.Load(), b.connectFailed.Load()
	s.Disconnections, s.Early = b.disconnections.Load(), b.lostEarly.Load()
	r := b.readRare()
	if f := r.lastFailure.Load(); f != nil {
		s.LastError, s.LastErrorAt = f.err, p.at.TimeOf(f.at)
	}
	if v := r.lastVerdict.Load(); v != nil {
		s.Verdict = livestatus.Verdict{Reason: v.why.String(), Err: v.err, At: p.at.TimeOf(v.at)}
	}
	if e := r.lastRPCError.Load(); e != nil {
		s.LastRPCError = livestatus.RPCError{Code: e.code, Text: e.text, At: p.at.TimeOf(e.at)}
	}
	at, up, down := b.uptime.since()
	switch {
	case up && s.Ready > 0:
		s.UpSince = p.at.TimeOf(at)
	case down && s.Ready == 0 && s.Subchannels > 0:
		s.DownSince = p.at.TimeOf(at)
		s.FailedAttempts = s.ConnectFailed - min(r.failedBefore.Load(), s.ConnectFailed)
	case s.State == connectivity.TransientFailure && s.Subchannels > 0:
		s.DownSince = s.Since // a READY subchannel beside it was shut down
	}
}
