package grpcinstruments

import (
	"hash/maphash"
	"sync/atomic"
)

// table finds series by the values that were recorded. It only grows. A look-up takes
// no lock and allocates nothing; an insertion needs Set.mu.
type table struct {
	buckets atomic.Pointer[[]atomic.Pointer[entry]]
	entries int // guarded by Set.mu
}

// entry is one set of values of one family. It does not change.
type entry struct {
	family *family
	hash   uint64
	labels []string // those at the family's positions, as recorded
	series *series
	next   *entry // in the same bucket
}

var seed = maphash.MakeSeed()

// hash returns a hash of the values at the family's positions of a record.
func (f *family) hash(record []string) uint64 {
	h := f.salt
	for _, at := range f.positions {
		h = (h ^ maphash.String(seed, record[at])) * 0x9e3779b97f4a7c15
	}
	return h ^ h>>32
}

// find returns the series for a record, or nil.
func (t *table) find(f *family, hash uint64, record []string) *series {
	buckets := t.buckets.Load()
	if buckets == nil {
		return nil
	}
	for e := (*buckets)[hash&uint64(len(*buckets)-1)].Load(); e != nil; e = e.next {
		if e.hash == hash && e.family == f && e.equal(record) {
			return e.series
		}
	}
	return nil
}

func (e *entry) equal(record []string) bool {
	for i, at := range e.family.positions {
		if e.labels[i] != record[at] {
			return false
		}
	}
	return true
}

// insertLocked adds an entry that is not there yet. Set.mu is held.
func (t *table) insertLocked(e entry) {
	const least = 8
	buckets := t.buckets.Load()
	if buckets == nil || t.entries >= len(*buckets) {
		buckets = t.grown(max(least, 2*t.entries))
	}
	insert(*buckets, e)
	t.entries++
	t.buckets.Store(buckets)
}

// grown returns n buckets, a power of two, with copies of all entries. Look-ups that
// are under way go on in the old ones.
func (t *table) grown(n int) *[]atomic.Pointer[entry] {
	buckets := make([]atomic.Pointer[entry], n)
	for e := range t.all() {
		insert(buckets, *e)
	}
	return &buckets
}

func insert(buckets []atomic.Pointer[entry], e entry) {
	b := &buckets[e.hash&uint64(len(buckets)-1)]
	e.next = b.Load()
	b.Store(&e)
}

// all yields the entries.
func (t *table) all() func(yield func(*entry) bool) {
	return func(yield func(*entry) bool) {
		buckets := t.buckets.Load()
		if buckets == nil {
			return
		}
		for i := range *buckets {
			for e := (*buckets)[i].Load(); e != nil; e = e.next {
				if !yield(e) {
					return
				}
			}
		}
	}
}
