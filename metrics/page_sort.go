package metrics

import (
	"cmp"
	"slices"
)

// column is one by which backends can be sorted.
type column struct {
	name  string
	label string // the heading
	by    string // what is sorted by, in words; "" if the heading says it
	dir   string // the usual direction
	cmp   func(a, b *backendStatus) int
	// absent tells whether the backend has nothing in the column. It then comes
	// last in both directions. nil if all have.
	absent func(b *backendStatus) bool
}

var columns = []column{
	{name: "backend", label: "Backend", dir: ascending, cmp: func(a, b *backendStatus) int { return cmp.Compare(a.Backend, b.Backend) }},
	{name: "target", label: "Target", dir: ascending, cmp: byName},
	{name: "state", label: "State", dir: ascending, cmp: func(a, b *backendStatus) int { return cmp.Compare(badness(a), badness(b)) }},
	{
		name: "since", label: "Since", dir: descending,
		cmp:    func(a, b *backendStatus) int { return a.Since.Compare(b.Since) },
		absent: func(b *backendStatus) bool { return b.Since.IsZero() },
	},
	{name: "picks", label: "Picks", dir: descending, cmp: func(a, b *backendStatus) int { return cmp.Compare(a.Picks, b.Picks) }},
	{name: "share", label: "Share of picks", dir: descending, cmp: func(a, b *backendStatus) int { return cmp.Compare(a.Share, b.Share) }},
	{name: "in_flight", label: "In flight", dir: descending, cmp: func(a, b *backendStatus) int { return cmp.Compare(a.InFlight, b.InFlight) }},
	{name: "errors", label: "RPCs by code", by: "RPCs that did not end OK", dir: descending, cmp: func(a, b *backendStatus) int { return cmp.Compare(a.failed, b.failed) }},
	{name: "attempts", label: "Connections", by: "Failed connection attempts", dir: descending, cmp: func(a, b *backendStatus) int {
		return cmp.Or(cmp.Compare(a.ConnectFailed, b.ConnectFailed), cmp.Compare(a.Connected, b.Connected))
	}},
	{
		name: "last_error", label: "Last connection error", by: "Time of the last connection error", dir: descending,
		cmp:    func(a, b *backendStatus) int { return a.LastErrorAt.Compare(b.LastErrorAt) },
		absent: func(b *backendStatus) bool { return b.LastErrorAt.IsZero() },
	},
}

func columnNames() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// column returns the one that the query sorts by.
func (q pageQuery) column() column {
	name := cmp.Or(q.sort, "target")
	return columns[slices.IndexFunc(columns, func(c column) bool { return c.name == name })]
}

// byName is the order where all else is equal.
func byName(a, b *backendStatus) int {
	if a.Target != b.Target {
		return cmp.Compare(a.Target, b.Target)
	}
	return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Backend, b.Backend))
}

// badness orders states from the worst to none at all.
func badness(b *backendStatus) int {
	return slices.Index([]string{"TRANSIENT_FAILURE", "CONNECTING", "IDLE", "READY", ""}, b.State)
}

// sort sorts the backends by the column, in the direction or its usual one.
func (c column) sort(backends []*backendStatus, dir string) {
	sign := 1
	if dir == descending || dir == "" && c.dir == descending {
		sign = -1
	}
	slices.SortFunc(backends, func(a, b *backendStatus) int {
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
