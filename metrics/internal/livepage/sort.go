package livepage

import (
	"cmp"
	"slices"
)

// column is a column by which backends can be sorted.
type column struct {
	name  string
	label string // the heading
	by    string // the value to sort by, in words; "" if the heading says it
	dir   string // the usual direction
	cmp   func(a, b row) int
	// absent reports whether the backend has no value in the column. Such backends
	// come last in both directions. It is nil if all backends have a value.
	absent func(row) bool
}

var columns = []column{
	{name: "backend", label: "Backend", dir: ascending, cmp: func(a, b row) int { return cmp.Compare(a.Name, b.Name) }},
	{name: defaultSort, label: "Target", dir: ascending, cmp: byName},
	{name: "state", label: "State", dir: ascending, cmp: func(a, b row) int { return cmp.Compare(a.stateRank(), b.stateRank()) }},
	{
		name: "since", label: "Since", dir: descending,
		cmp:    func(a, b row) int { return a.Since.Compare(b.Since) },
		absent: func(r row) bool { return r.Since.IsZero() },
	},
	{name: "picks", label: "Picks", dir: descending, cmp: func(a, b row) int { return cmp.Compare(a.Picks, b.Picks) }},
	{name: "share", label: "Share of picks", dir: descending, cmp: func(a, b row) int { return cmp.Compare(a.share(), b.share()) }},
	{name: "in_flight", label: "In flight", dir: descending, cmp: func(a, b row) int { return cmp.Compare(a.InFlight, b.InFlight) }},
	{name: "errors", label: "RPCs by code", by: "RPCs that did not end OK", dir: descending, cmp: func(a, b row) int { return cmp.Compare(a.failed, b.failed) }},
	{name: "attempts", label: "Connections", by: "Failed connection attempts", dir: descending, cmp: func(a, b row) int {
		return cmp.Or(cmp.Compare(a.ConnectFailed, b.ConnectFailed), cmp.Compare(a.Connected, b.Connected))
	}},
	{
		name: "last_error", label: "Last connection error", by: "Time of the last connection error", dir: descending,
		cmp:    func(a, b row) int { return a.LastErrorAt.Compare(b.LastErrorAt) },
		absent: func(r row) bool { return r.LastErrorAt.IsZero() },
	},
}

// defaultSort is the column by which the list is sorted if the query names none.
const defaultSort = "target"

func columnNames() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// column returns the column by which the query sorts.
func (q query) column() column {
	name := cmp.Or(q.sort, defaultSort)
	return columns[slices.IndexFunc(columns, func(c column) bool { return c.name == name })]
}

// byName orders backends by target, policy and name. No two are equal.
func byName(a, b row) int {
	if a.target != b.target {
		return a.target.compare(b.target.Key)
	}
	return cmp.Compare(a.Name, b.Name)
}

// sort sorts the backends by the column, in the direction or, if that is "", in the
// column's usual one. Backends that are equal in it are sorted by name.
func (c column) sort(rows []row, dir string) {
	sign := 1
	if cmp.Or(dir, c.dir) == descending {
		sign = -1
	}
	slices.SortFunc(rows, func(a, b row) int {
		if c.absent != nil {
			if x, y := c.absent(a), c.absent(b); x != y {
				if x {
					return 1
				}
				return -1
			}
		}
		if d := c.cmp(a, b); d != 0 {
			return sign * d
		}
		return byName(a, b)
	})
}
