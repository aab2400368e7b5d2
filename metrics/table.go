package metrics

import (
	"iter"
	"maps"
)

// table is a map that gives memory back. A map keeps the room of the most
// entries that it ever had; backends come and go for as long as a process
// lives. The zero table is empty and ready to use.
type table[K comparable, V any] struct {
	entries map[K]V
	peak    int // entries that there is room for, about
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

// shrink moves what is left to a new map, if it is less than half of the peak.
func (t *table[K, V]) shrink() {
	if len(t.entries) < t.peak/2 {
		t.entries = maps.Collect(maps.All(t.entries))
		t.peak = len(t.entries)
	}
}
