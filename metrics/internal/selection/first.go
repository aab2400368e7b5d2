package selection

import "slices"

// firstSorted returns the first n rows of the sorted list, sorted. For a page of a
// long list that takes a fraction of the time that sorting all of it would. It
// reorders the rows.
func firstSorted(rows []Row, n int, compare func(a, b Row) int) []Row {
	if n < len(rows)/4 {
		keepFirst(rows, n, compare)
		rows = rows[:n]
	}
	slices.SortFunc(rows, compare)
	return rows[:min(n, len(rows))]
}

// keepFirst moves the first n rows of the sorted list to the front, in any order.
// The front is a heap with the last of them on top.
func keepFirst(rows []Row, n int, compare func(a, b Row) int) {
	if n <= 0 {
		return
	}
	front := rows[:n]
	for i := n/2 - 1; i >= 0; i-- {
		sink(front, i, compare)
	}
	for i := n; i < len(rows); i++ {
		if compare(rows[i], front[0]) < 0 {
			rows[i], front[0] = front[0], rows[i]
			sink(front, 0, compare)
		}
	}
}

// sink moves row i of the heap down until no row below it is later.
func sink(heap []Row, i int, compare func(a, b Row) int) {
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && compare(heap[child+1], heap[child]) > 0 {
			child++
		}
		if compare(heap[child], heap[i]) <= 0 {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}
