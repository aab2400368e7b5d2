package metrics

import (
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/reuse"
)

// pageReader reads targets for one answer of the live page.
type pageReader struct {
	metrics *Metrics
	at      clocks
	used    []*statusMemory
}

// statusMemory is the memory for the status of a target. With thousands of backends
// each answer would take megabytes, so the memory is used again.
type statusMemory struct {
	backends []livestatus.Backend
	bySlot   []backendStatus
}

// backendStatus is a backend and its status. Both are nil in a slot without a backend.
type backendStatus struct {
	record *backendRecord
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
func (p *pageReader) target(t *targetRecord) livestatus.Target {
	list := sync.OnceValue(func() series { return p.metrics.records.of(t) })
	return livestatus.Target{
		Key: livestatus.Key{Target: t.target, Policy: t.policy},
		Sample: func() time.Duration {
			wait := t.recent.Wait(time.Duration(t.now()))
			if wait > 0 {
				s := list()
				s.sample()
			}
			return wait
		},
		Read: func() livestatus.Status { return p.status(list()) },
	}
}

// status reads the records of a target.
func (p *pageReader) status(s series) livestatus.Status {
	m := statusMemories.Get()
	p.used = append(p.used, m)
	m.backends, m.bySlot = resize(m.backends, len(s.backends)), resize(m.bySlot, s.slots())
	t := s.targetRecord
	st := livestatus.Status{
		Instances:    make([]livestatus.Instance, 0, len(s.instances)),
		PicksDelayed: t.delayed.Load(),
		PicksFailed:  t.failed.Load(),
		Folded:       t.folded.Load(),
		Waiting:      t.waiting.Load(),
		Backends:     m.backends,
	}
	for i, b := range s.backends {
		m.bySlot[b.slot] = backendStatus{b, &m.backends[i]}
	}
	// States before counters, so that a READY backend has a connection counted.
	for _, inst := range s.instances {
		st.Instances = append(st.Instances, p.instanceStatus(inst, m.bySlot))
	}
	for i, b := range s.backends {
		p.readBackend(b, &m.backends[i])
	}
	p.readRecent(&s, &st)
	st.Events = t.events.pageEvents(p.at)
	return st
}

// instanceStatus returns the state of the policy instance and adds its SubConns to
// their backends. It skips backends that were made after the records were listed, even
// if they have the slot of a listed one that was dropped.
func (p *pageReader) instanceStatus(inst *instance, bySlot []backendStatus) livestatus.Instance {
	inst.mu.Lock()
	defer inst.mu.Unlock()
	for sc := range inst.live {
		b := sc.backendRecord
		if slot := int(b.slot); slot < len(bySlot) && bySlot[slot].record == b {
			bySlot[slot].status.AddSubchannel(sc.state(), sc.usability.String(), p.at.timeOf(sc.since))
		}
	}
	return livestatus.Instance{State: inst.state, Since: p.at.timeOf(inst.since)}
}

// readBackend copies what the record says about connections and errors, after
// instanceStatus has added the SubConns.
func (p *pageReader) readBackend(b *backendRecord, s *livestatus.Backend) {
	s.Name = b.namePair.GetValue()
	s.Connected, s.ConnectFailed = b.connected.Load(), b.connectFailed.Load()
	s.Disconnections, s.Early = b.disconnections.Load(), b.lostEarly.Load()
	r := b.readRare()
	if f := r.lastFailure.Load(); f != nil {
		s.LastError, s.LastErrorAt = f.err, p.at.timeOf(f.at)
	}
	if v := r.lastVerdict.Load(); v != nil {
		s.Verdict = livestatus.Verdict{Reason: v.why.String(), Err: v.err, At: p.at.timeOf(v.at)}
	}
	if e := r.lastRPCError.Load(); e != nil {
		s.LastRPCError = livestatus.RPCError{Code: e.code, Text: e.text, At: p.at.timeOf(e.at)}
	}
	at, up, down := b.uptime.since()
	switch {
	case up && s.Ready > 0:
		s.UpSince = p.at.timeOf(at)
	case down && s.Ready == 0 && s.Subchannels > 0:
		s.DownSince = p.at.timeOf(at)
		s.FailedAttempts = s.ConnectFailed - min(r.failedBefore.Load(), s.ConnectFailed)
	case s.State == connectivity.TransientFailure && s.Subchannels > 0:
		s.DownSince = s.Since // a READY subchannel beside it was shut down
	}
}
