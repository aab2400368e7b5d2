package metrics

import (
	"time"
)

// sweepEvery is the least number of records made between two sweeps that the
// making of records causes.
const sweepEvery = 64

// openTarget returns the record for a new instance of a policy, and makes it if
// there is none.
func (m *Metrics) openTarget(key targetKey, c *channel) *target {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.targets.get(key)
	if !ok {
		now := time.Now()
		m.roomLocked(now)
		t = newTarget(m, key, now)
		m.targets.put(key, t)
	}
	t.channels[c] = struct{}{}
	return t
}

// closeTarget is the end of what openTarget began.
func (m *Metrics) closeTarget(c *channel) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := c.target
	delete(t.channels, c)
	if len(t.channels) == 0 {
		t.idleSince = time.Now()
	}
}

// acquire returns the record of the target's backend for one more SubConn, and
// makes it if there is none. Above the limit it is the one that all others
// share.
func (m *Metrics) acquire(t *target, name string) *backend {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := t.backends.get(name)
	if !ok {
		now := time.Now()
		m.roomLocked(now)
		b = m.newBackendLocked(t, name, now)
	}
	b.refs++
	b.idleSince = time.Time{}
	return b
}

// newBackendLocked makes a record, or returns the one for all that are above
// the limit.
func (m *Metrics) newBackendLocked(t *target, name string, now time.Time) *backend {
	other, folding := t.backends.get(otherName)
	named := t.backends.len()
	if folding {
		named--
	}
	if m.maxBackends > 0 && named >= m.maxBackends {
		t.folded.Add(1)
		if folding {
			return other
		}
		name = otherName
	}
	b := &backend{counts: new(counts), target: t, namePair: labelPair(backendLabel, name), created: now}
	t.backends.put(name, b)
	return b
}

// release is the end of what acquire began.
func (m *Metrics) release(b *backend) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b.refs--
	b.noteUseLocked(time.Now())
}

// roomLocked is called before a record is made or refused. It sweeps when this
// has been as often as the last sweep left records: records do not pile up where
// nobody scrapes, and a record's making pays for the look at one other.
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
		t.dropExpiredLocked(now, m.retention)
		m.kept += t.backends.len()
		if !t.expiredLocked(now, m.retention) {
			m.kept++
			return false
		}
		return true
	})
}
