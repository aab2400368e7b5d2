package record

import (
	"iter"
	"maps"
)

// table is a map that shrinks. A plain map keeps the memory for the most entries
// that it ever had, but backends come and go for the life of a process. The zero
// table is empty and ready to use.
type table[K comparable, V any] struct {
	entries map[K]V
	peak    int // the most entries since the last shrink
}

func (t *table[K, V]) len() int { return len(t.entries) }

func (t *table[K, V]) get(k K) (V, bool) {
	v, ok := t.entries[k]
	return v, ok
}

func (t *table[K, V]) put(k K, v V) {
	if t.entries == nil {
		t.entries = make(map[K]V)
	}
	t.entries[k] = v
	t.peak = max(t.peak, len(t.entries))
}

func (t *table[K, V]) values() iter.Seq[V] { return maps.Values(t.entries) }

func (t *table[K, V]) delete(k K) {
	delete(t.entries, k)
	t.shrink()
}

// deleteFunc deletes the entries for which del is true.
func (t *table[K, V]) deleteFunc(del func(V) bool) {
	maps.DeleteFunc(t.entries, func(_ K, v V) bool { return del(v) })
	t.shrink()
}

// shrink moves the entries to a new map if fewer than half of the peak are left.
func (t *table[K, V]) shrink() {
	if len(t.entries) < t.peak/2 {
		t.entries = maps.Collect(maps.All(t.entries))
		t.peak = len(t.entries)
	}
}
