package metrics

import (
	"slices"
	"sync"
	"sync/atomic"
)

// sweepEvery is the least number of new records after which a sweep is due.
const sweepEvery = 64

// records holds all records of a Metrics. A record is kept while it is in use, and
// then for the retention.
type records struct {
	now     func() instant
	options *atomic.Pointer[options] // of the Metrics

	// mu guards the fields below and the fields of records that say so. No call
	// leaves the package under it, except into Prometheus's own lock-protected
	// histograms.
	mu      sync.Mutex
	targets table[targetKey, *targetRecord]
	fresh   int // records made since the last sweep
	kept    int // records that the last sweep left
}

func (r *records) limits() limits { return r.options.Load().limits }

// open returns the record for a new policy instance, and makes it if there is
// none. Targets above the limit share one record for each policy.
func (r *records) open(key targetKey, inst *instance) *targetRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, ok := r.targets.get(key)
	if !ok {
		now := r.now()
		r.sweepIfDueLocked(now)
		t = r.newTargetLocked(key, inst.options, now)
	}
	t.instances[inst] = struct{}{}
	return t
}

// newTargetLocked makes a record, or returns the one for all targets above the
// limit. Expired records do not count towards the limit.
func (r *records) newTargetLocked(key targetKey, o *options, now instant) *targetRecord {
	if r.targetsFullLocked() {
		r.sweepLocked(now)
	}
	full := r.targetsFullLocked()
	if full {
		key.target = otherName
	}
	t, folding := r.targets.get(key)
	if !folding {
		t = newTargetRecord(key, o, r.now)
		r.targets.put(key, t)
	}
	if full {
		t.foldedHere.Add(1)
	}
	return t
}

// targetsFullLocked reports whether there are as many targets as may have series
// of their own.
func (r *records) targetsFullLocked() bool {
	limit := r.limits().maxTargets
	if limit == 0 || r.targets.len() < limit {
		return false
	}
	named := 0
	for t := range r.targets.values() {
		if t.target != otherName {
			named++
		}
	}
	return named >= limit
}

// close undoes open.
func (r *records) close(inst *instance) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := inst.targetRecord
	delete(t.instances, inst)
	if len(t.instances) == 0 {
		t.idleSince = r.now()
	}
}

// acquire returns the record of the target's backend for one more SubConn, and
// makes it if there is none. Backends above the limit share one record.
func (r *records) acquire(t *targetRecord, id backendID) *backendRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := t.backends.get(id.key())
	if !ok {
		now := r.now()
		r.sweepIfDueLocked(now)
		b = r.newBackendLocked(t, id, now)
	}
	b.acquireLocked()
	return b
}

// release undoes acquire.
func (r *records) release(b *backendRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b.releaseLocked(r.now())
}

// newBackendLocked makes a record, or returns the one for all backends above the
// limit. Expired records do not count towards the limit.
func (r *records) newBackendLocked(t *targetRecord, id backendID, now instant) *backendRecord {
	if r.fullLocked(t) {
		t.dropExpiredLocked(now, r.limits().retention)
	}
	if r.fullLocked(t) {
		t.folded.Add(1)
		id = t.otherBackend()
		if other, folding := t.backends.get(id.key()); folding {
			return other
		}
	}
	b := newBackendRecordLocked(t, id, now)
	t.backends.put(id.key(), b)
	return b
}

// fullLocked reports whether the target has as many backends as may have series
// of their own.
func (r *records) fullLocked(t *targetRecord) bool {
	named := t.backends.len()
	if _, folding := t.backends.get(t.otherBackend().key()); folding {
		named--
	}
	limit := r.limits().maxBackends
	return limit > 0 && named >= limit
}

// sweepIfDueLocked is called before a record is made or refused. It sweeps after
// as many calls as the last sweep left records. So records do not pile up if
// nobody scrapes, and a sweep is amortized O(1) per record.
func (r *records) sweepIfDueLocked(now instant) {
	r.fresh++
	if r.fresh > max(sweepEvery, r.kept) {
		r.sweepLocked(now)
	}
}

// sweepLocked drops the records whose retention has passed.
func (r *records) sweepLocked(now instant) {
	r.fresh, r.kept = 0, 0
	r.targets.deleteFunc(func(t *targetRecord) bool {
		t.dropExpiredLocked(now, r.limits().retention)
		r.kept += t.backends.len()
		if !t.expiredLocked(now, r.limits().retention) {
			r.kept++
			return false
		}
		return true
	})
}

// series are the records of one target.
type series struct {
	targetRecord *targetRecord
	instances    []*instance
	backends     []*backendRecord
}

// slots returns the length of an array that has a place for the slot of each backend.
func (s *series) slots() (n int) {
	for _, b := range s.backends {
		n = max(n, int(b.slot)+1)
	}
	return n
}

// all returns all records, after dropping those whose retention has passed. The
// caller can read them without mu.
func (r *records) all() []series {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	for t := range r.targets.values() {
		t.recheckBusyLocked(now)
	}
	r.sweepLocked(now)
	all := make([]series, 0, r.targets.len())
	for t := range r.targets.values() {
		all = append(all, t.seriesLocked())
	}
	return all
}

// listTargets returns the records of the targets, after dropping those whose
// retention has passed. It does not look at the backends of a target that has
// policy instances, because such a target stays anyway.
func (r *records) listTargets() []*targetRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.targets.deleteFunc(func(t *targetRecord) bool {
		if len(t.instances) > 0 {
			return false
		}
		t.recheckBusyLocked(now)
		t.dropExpiredLocked(now, r.limits().retention)
		return t.expiredLocked(now, r.limits().retention)
	})
	return slices.AppendSeq(make([]*targetRecord, 0, r.targets.len()), r.targets.values())
}

// of returns the records of one target, after dropping those whose retention has
// passed.
func (r *records) of(t *targetRecord) series {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	t.recheckBusyLocked(now)
	t.dropExpiredLocked(now, r.limits().retention)
	return t.seriesLocked()
}
