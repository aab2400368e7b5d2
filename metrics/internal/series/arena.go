package series

// arena allocates many values together. It gives out zero values, one after the other
// in memory, and takes none back.
type arena[T any] struct {
	free  []T
	chunk int // the usual size of an allocation
}

// maxChunk bounds what an arena may have left at the end of a scrape.
const maxChunk = 1024

// newArena returns an arena from which about n values will be taken.
func newArena[T any](n int) arena[T] { return arena[T]{chunk: min(n, maxChunk)} }

// take returns n values without spare capacity.
func (a *arena[T]) take(n int) []T {
	if len(a.free) < n {
		a.free = make([]T, max(n, a.chunk))
	}
	taken := a.free[:n:n]
	a.free = a.free[n:]
	return taken
}

// list is a list of many values that stay where they are when it grows.
type list[T any] struct {
	len    int
	chunks [][]T
}

// minChunk is the least number of values for which a list makes room.
const minChunk = 16

// next returns a new value at the end. If it is the first, next makes room for as many
// as the caller expects.
func (l *list[T]) next(expected int) *T {
	last := len(l.chunks) - 1
	if last < 0 || len(l.chunks[last]) == cap(l.chunks[last]) {
		room := max(l.len/4, minChunk)
		if last++; last == 0 {
			room = max(expected, 1)
		}
		l.chunks = append(l.chunks, make([]T, 0, room))
	}
	l.len++
	chunk := &l.chunks[last]
	*chunk = (*chunk)[:len(*chunk)+1]
	return &(*chunk)[len(*chunk)-1]
}

func (l *list[T]) pointers() []*T {
	all := make([]*T, 0, l.len)
	for _, chunk := range l.chunks {
		for i := range chunk {
			all = append(all, &chunk[i])
		}
	}
	return all
}
