package record

import (
	"slices"
	"sync"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
)

// sweepEvery is the least number of new records after which a sweep is due.
const sweepEvery = 64

// Store holds all records of a Metrics. A record is kept while it is in use, and
// then for the retention.
type Store struct {
	clock *clock.Clock

	// mu guards the fields below and the fields of records that say so. No call
	// leaves the package under it, except to make histograms and windows.
	mu      sync.Mutex
	targets table[Key, *Target]
	fresh   int // records made since the last sweep
	kept    int // records that the last sweep left
}

// NewStore returns a store without records.
func NewStore(c *clock.Clock) *Store { return &Store{clock: c} }

// Open returns the record for a new policy instance, and makes it if there is
// none. Targets above the limit share one record for each policy. It keeps the settings.
func (s *Store) Open(key Key, inst Instance, settings *Settings) *Target {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.targets.get(key)
	if !ok {
		now := s.clock.Now()
		s.sweepIfDueLocked(now)
		t = s.newTargetLocked(key, settings, now)
	}
	t.instances[inst] = struct{}{}
	return t
}

// newTargetLocked makes a record, or returns the one for all targets above the
// limit. Expired records do not count towards the limit.
func (s *Store) newTargetLocked(key Key, settings *Settings, now clock.Instant) *Target {
	if s.targetsFullLocked(settings.MaxTargets) {
		s.sweepLocked(now)
	}
	full := s.targetsFullLocked(settings.MaxTargets)
	if full {
		key.Target = otherName
	}
	t, folding := s.targets.get(key)
	if !folding {
		t = newTarget(key, settings, s.clock)
		s.targets.put(key, t)
	}
	if full {
		t.foldedHere.Add(1)
	}
	return t
}

// targetsFullLocked reports whether there are as many targets as may have series
// of their own.
func (s *Store) targetsFullLocked(limit int) bool {
	if limit == 0 || s.targets.len() < limit {
		return false
	}
	named := 0
	for t := range s.targets.values() {
		if t.key.Target != otherName {
			named++
		}
	}
	return named >= limit
}

// Close undoes Open, which has returned t.
func (s *Store) Close(t *Target, inst Instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(t.instances, inst)
	if len(t.instances) == 0 {
		t.idleSince = s.clock.Now()
	}
}

// Acquire returns the record of the target's backend for one more SubConn, and
// makes it if there is none. Backends above the limit share one record.
func (s *Store) Acquire(t *Target, id ID) *Backend {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := t.backends.get(id.Key())
	if !ok {
		now := s.clock.Now()
		s.sweepIfDueLocked(now)
		b = s.newBackendLocked(t, id, now)
	}
	b.acquireLocked()
	return b
}

// Release undoes Acquire.
func (s *Store) Release(b *Backend) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.releaseLocked(s.clock.Now())
}

// newBackendLocked makes a record, or returns the one for all backends above the
// limit. Expired records do not count towards the limit.
func (s *Store) newBackendLocked(t *Target, id ID, now clock.Instant) *Backend {
	if s.fullLocked(t) {
		t.dropExpiredLocked(now)
	}
	if s.fullLocked(t) {
		t.folded.Add(1)
		id = t.otherBackend()
		if other, folding := t.backends.get(id.Key()); folding {
			return other
		}
	}
	b := newBackendLocked(t, id, now)
	t.backends.put(id.Key(), b)
	return b
}

// fullLocked reports whether the target has as many backends as may have series
// of their own.
func (s *Store) fullLocked(t *Target) bool {
	named := t.backends.len()
	if _, folding := t.backends.get(t.otherBackend().Key()); folding {
		named--
	}
	limit := t.settings.MaxBackends
	return limit > 0 && named >= limit
}

// sweepIfDueLocked is called before a record is made or refused. It sweeps after
// as many calls as the last sweep left records. So records do not pile up if
// nobody scrapes, and a sweep is amortized O(1) per record.
func (s *Store) sweepIfDueLocked(now clock.Instant) {
	s.fresh++
	if s.fresh > max(sweepEvery, s.kept) {
		s.sweepLocked(now)
	}
}

// sweepLocked drops the records whose retention has passed.
func (s *Store) sweepLocked(now clock.Instant) {
	s.fresh, s.kept = 0, 0
	s.targets.deleteFunc(func(t *Target) bool {
		t.dropExpiredLocked(now)
		s.kept += t.backends.len()
		if !t.expiredLocked(now) {
			s.kept++
			return false
		}
		return true
	})
}

// listing lists the records of one target.
type listing struct {
	target    *Target
	instances []Instance
	backends  []*Backend
}

// slots returns the length of an array that has a place for the slot of each backend.
func (l *listing) slots() (n int) {
	for _, b := range l.backends {
		n = max(n, int(b.slot)+1)
	}
	return n
}

// all returns all records, after dropping those whose retention has passed. The
// caller can read them without mu.
func (s *Store) all() []listing {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	for t := range s.targets.values() {
		t.recheckBusyLocked(now)
	}
	s.sweepLocked(now)
	all := make([]listing, 0, s.targets.len())
	for t := range s.targets.values() {
		all = append(all, t.listLocked())
	}
	return all
}

// listTargets returns the records of the targets, after dropping those whose
// retention has passed. It does not look at the backends of a target that has
// policy instances, because such a target stays anyway.
func (s *Store) listTargets() []*Target {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	s.targets.deleteFunc(func(t *Target) bool {
		if len(t.instances) > 0 {
			return false
		}
		t.recheckBusyLocked(now)
		t.dropExpiredLocked(now)
		return t.expiredLocked(now)
	})
	return slices.AppendSeq(make([]*Target, 0, s.targets.len()), s.targets.values())
}

// of returns the records of one target, after dropping those whose retention has
// passed.
func (s *Store) of(t *Target) listing {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	t.recheckBusyLocked(now)
	t.dropExpiredLocked(now)
	return t.listLocked()
}
