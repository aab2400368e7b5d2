package metrics

import (
	"maps"
	"slices"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
)

// pageSnapshot lists the targets for the live page. Only the targets that the page
// shows are read, all as of the same moment.
func (m *Metrics) pageSnapshot(wall time.Time) livepage.Snapshot {
	m.waits.prune(time.Now())
	at := clocks{wall: wall, now: m.now()}
	targets := m.listTargets()
	s := livepage.Snapshot{Time: wall, Retention: m.retention, Targets: make([]livepage.Target, len(targets))}
	for i, t := range targets {
		s.Targets[i] = livepage.Target{
			Key:  livepage.Key{Target: t.key.target, Policy: t.key.policy},
			Read: func() livepage.Status { return m.seriesOf(t).status(at) },
		}
	}
	return s
}

// listTargets returns the targets, without those whose retention has passed. A
// target with policy instances is there whatever became of its backends, so they
// cost nothing here.
func (m *Metrics) listTargets() []*target {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.targets.deleteFunc(func(t *target) bool {
		if len(t.channels) > 0 {
			return false
		}
		t.lookLocked(now)
		t.dropExpiredLocked(now, m.retention)
		return t.expiredLocked(now, m.retention)
	})
	return slices.AppendSeq(make([]*target, 0, m.targets.len()), m.targets.values())
}

// seriesOf returns the records of one target, without those whose retention has
// passed.
func (m *Metrics) seriesOf(t *target) series {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	t.lookLocked(now)
	t.dropExpiredLocked(now, m.retention)
	return t.seriesLocked()
}

// seriesLocked returns the target's records. Metrics.mu is held.
func (t *target) seriesLocked() series {
	return series{
		target:   t,
		channels: slices.Collect(maps.Keys(t.channels)),
		backends: slices.AppendSeq(make([]*backend, 0, t.backends.len()), t.backends.values()),
	}
}

// status reads the records of a target for the live page.
func (s series) status(at clocks) livepage.Status {
	t := s.target
	st := livepage.Status{
		Instances:    make([]livepage.Instance, 0, len(s.channels)),
		PicksDelayed: t.delayed.Load(),
		PicksFailed:  t.failed.Load(),
		Folded:       t.folded.Load(),
		Waiting:      t.waiting.Load(),
		Backends:     make([]livepage.Backend, len(s.backends)),
	}
	byRecord := make(map[*backend]*livepage.Backend, len(s.backends))
	for i, b := range s.backends {
		byRecord[b] = &st.Backends[i]
	}
	// States before counters, so that a READY backend has a connection counted.
	for _, c := range s.channels {
		st.Instances = append(st.Instances, c.status(byRecord, at))
	}
	for i, b := range s.backends {
		b.status(&st.Backends[i], at)
	}
	return st
}

// status returns the state of the policy instance and adds its SubConns to their
// backends. A backend that came after the records were listed is not among them.
func (c *channel) status(backends map[*backend]*livepage.Backend, at clocks) livepage.Instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	for sc := range c.live {
		if b := backends[sc.backend]; b != nil {
			b.AddSubchannel(sc.state, at.timeOf(sc.since))
		}
	}
	return livepage.Instance{State: c.state, Since: at.timeOf(c.since)}
}

// status reads the record into s, except what the SubConns say.
func (b *backend) status(s *livepage.Backend, at clocks) {
	traffic := b.traffic()
	s.Name = b.namePair.GetValue()
	s.Picks, s.Repicks, s.InFlight = traffic.picks, traffic.repicks, traffic.inFlight
	s.RPCs = traffic.finished
	s.Connected, s.ConnectFailed = b.connected.Load(), b.connectFailed.Load()
	s.Disconnections, s.Early = b.disconnections.Load(), b.early.Load()
	if f := b.lastFailure.Load(); f != nil {
		s.LastError, s.LastErrorAt = f.err, at.timeOf(f.at)
	}
}
