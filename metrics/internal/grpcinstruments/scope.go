package grpcinstruments

import (
	"strings"
	"time"

	estats "google.golang.org/grpc/experimental/stats"
)

// Scope is what one instance of a policy records. It holds the series that it has
// recorded to until it is closed.
type Scope struct {
	set   *Set
	table table

	closed bool // guarded by Set.mu
}

// NewScope returns a scope, which the caller must close. A nil Set returns nil.
func (s *Set) NewScope() *Scope {
	if s == nil {
		return nil
	}
	return &Scope{set: s}
}

// Close lets go of the series. Later records count only in the series that the scope
// knows already, while these exist. Close may be called more than once.
func (sc *Scope) Close() {
	if sc == nil {
		return
	}
	sc.set.mu.Lock()
	defer sc.set.mu.Unlock()
	if sc.closed {
		return
	}
	sc.closed = true
	now := time.Now()
	for e := range sc.table.all() {
		e.family.releaseLocked(e.series, now, sc.set.config.Retention)
	}
	sc.set.dropReportersLocked(func(r *reporter) bool { return r.scope == sc })
}

// record records a value with one instrument. It ignores instruments that are not in
// the set.
func (sc *Scope) record(d *estats.MetricDescriptor, v float64, record []string) {
	f, ok := sc.set.family(d)
	if !ok || f.async != nil || !f.accepts(record) {
		return
	}
	hash := f.hash(record)
	s := sc.table.find(f, hash, record)
	if s == nil {
		s = sc.open(f, hash, record)
	}
	if s != nil {
		s.record(v)
	}
}

// open returns the series for a record that was not in the table, or nil if there is
// none. Records above the limit are not entered, so that the limit holds for the
// table, too.
func (sc *Scope) open(f *family, hash uint64, record []string) *series {
	sc.set.mu.Lock()
	defer sc.set.mu.Unlock()
	if sc.closed {
		return nil
	}
	if s := sc.table.find(f, hash, record); s != nil {
		return s // entered meanwhile
	}
	s, folded := f.openLocked(f.values(record), time.Now(), sc.set.config.Retention)
	if folded {
		return s
	}
	labels := make([]string, len(f.positions))
	for i, at := range f.positions {
		labels[i] = strings.Clone(record[at])
	}
	s.holders++
	sc.table.insertLocked(entry{family: f, hash: hash, labels: labels, series: s})
	return s
}
