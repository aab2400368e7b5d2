package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sweepEvery is the least number of records made between two sweeps that the
// making of records causes.
const sweepEvery = 64

// openTarget returns the record for a new instance of a policy, and makes it if
// there is none.
func (m *Metrics) openTarget(key targetKey) *target {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.targets.get(key)
	if !ok {
		now := time.Now()
		m.roomLocked(now)
		t = &target{
			key:             key,
			target:          labelPair(targetLabel, key.target),
			policy:          labelPair(policyLabel, key.policy),
			connectDuration: m.connectDuration.WithLabelValues(key.policy, key.target).(prometheus.Histogram),
			created:         now,
		}
		m.targets.put(key, t)
	}
	t.channels++
	return t
}

// closeTarget is the end of what openTarget began.
func (m *Metrics) closeTarget(t *target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t.channels--
	if t.channels == 0 {
		t.idleSince = time.Now()
	}
}

// acquire returns the record of the target's backend for one more SubConn, and
// makes it if there is none.
func (m *Metrics) acquire(t *target, name string) *backend {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := t.backends.get(name)
	if !ok {
		now := time.Now()
		m.roomLocked(now)
		b = &backend{target: t, name: labelPair(backendLabel, name), created: now}
		t.backends.put(name, b)
	}
	b.refs++
	b.idleSince = time.Time{}
	return b
}

// release is the end of what acquire began.
func (m *Metrics) release(b *backend) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b.refs--
	b.noteUseLocked(time.Now())
}

// roomLocked is called before a record is made. It sweeps when as many have
// been made as the last sweep left: records do not pile up where nobody
// scrapes, and a record's making pays for the look at one other.
func (m *Metrics) roomLocked(now time.Time) {
	m.fresh++
	if m.fresh > max(sweepEvery, m.kept) {
		m.sweepLocked(now)
	}
}

// sweepLocked drops the records whose retention has passed.
func (m *Metrics) sweepLocked(now time.Time) {
	m.fresh, m.kept = 0, 0
	m.targets.deleteFunc(func(t *target) bool {
		t.backends.deleteFunc(func(b *backend) bool { return b.expiredLocked(now, m.retention) })
		m.kept += t.backends.len()
		if !t.expiredLocked(now, m.retention) {
			m.kept++
			return false
		}
		m.connectDuration.DeleteLabelValues(t.key.policy, t.key.target)
		return true
	})
}
