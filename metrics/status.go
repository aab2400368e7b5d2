package metrics

import (
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
)

// pageSnapshot lists the targets for the live page. Only the targets that the page
// shows are read, all as of the same moment.
func (m *Metrics) pageSnapshot(wall time.Time) livepage.Snapshot {
	m.waits.prune(time.Now())
	at := clocks{wall: wall, now: m.now()}
	targets := m.records.listTargets()
	s := livepage.Snapshot{Time: wall, Retention: m.retention, Targets: make([]livepage.Target, len(targets))}
	for i, t := range targets {
		s.Targets[i] = livepage.Target{
			Key:  livepage.Key{Target: t.target, Policy: t.policy},
			Read: func() livepage.Status { return targetStatus(m.records.of(t), at) },
		}
	}
	return s
}

// targetStatus reads the records of a target for the live page.
func targetStatus(s series, at clocks) livepage.Status {
	t := s.targetRecord
	st := livepage.Status{
		Instances:    make([]livepage.Instance, 0, len(s.instances)),
		PicksDelayed: t.delayed.Load(),
		PicksFailed:  t.failed.Load(),
		Folded:       t.folded.Load(),
		Waiting:      t.waiting.Load(),
		Backends:     make([]livepage.Backend, len(s.backends)),
	}
	byRecord := make(map[*backendRecord]*livepage.Backend, len(s.backends))
	for i, b := range s.backends {
		byRecord[b] = &st.Backends[i]
	}
	// States before counters, so that a READY backend has a connection counted.
	for _, inst := range s.instances {
		st.Instances = append(st.Instances, instanceStatus(inst, byRecord, at))
	}
	for i, b := range s.backends {
		readBackend(b, &st.Backends[i], at)
	}
	return st
}

// instanceStatus returns the state of the policy instance and adds its SubConns to their
// backends. A backend that came after the records were listed is not among them.
func instanceStatus(inst *instance, backends map[*backendRecord]*livepage.Backend, at clocks) livepage.Instance {
	inst.mu.Lock()
	defer inst.mu.Unlock()
	for sc := range inst.live {
		if b := backends[sc.backendRecord]; b != nil {
			b.AddSubchannel(sc.state(), sc.usability.String(), at.timeOf(sc.since))
		}
	}
	return livepage.Instance{State: inst.state, Since: at.timeOf(inst.since)}
}

// readBackend reads the record into s, except what the SubConns say.
func readBackend(b *backendRecord, s *livepage.Backend, at clocks) {
	traffic := b.traffic()
	s.Name = b.namePair.GetValue()
	s.Picks, s.Repicks, s.InFlight = traffic.picks, traffic.repicks, traffic.inFlight
	s.RPCs = traffic.finished
	s.Connected, s.ConnectFailed = b.connected.Load(), b.connectFailed.Load()
	s.Disconnections, s.Early = b.disconnections.Load(), b.early.Load()
	if f := b.lastFailure.Load(); f != nil {
		s.LastError, s.LastErrorAt = f.err, at.timeOf(f.at)
	}
	if v := b.lastVerdict.Load(); v != nil {
		s.Verdict = livepage.Verdict{Reason: v.why.String(), Err: v.err, At: at.timeOf(v.at)}
	}
}
