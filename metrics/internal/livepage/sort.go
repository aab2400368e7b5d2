package livepage

import (
	"cmp"
	"slices"

	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// column is a value by which backends can be sorted.
type column struct {
	name  string
	head  string // the class of the table's column that shows it; "" for none
	label string // of the link in the heading
	by    string // the value to sort by, in words; "" if the label says it
	dir   string // the usual direction
	cmp   func(a, b row) int
	// absent reports whether the backend does not have the value. Such backends
	// come last in both directions. It is nil if all backends have it.
	absent func(row) bool
}

var columns = []column{
	{name: defaultSort, label: "Worst first", by: "the worst first", dir: ascending, cmp: func(a, b row) int { return a.Compare(b.Judged) }},
	{name: "backend", head: "backend", label: "Backend", dir: ascending, cmp: func(a, b row) int { return wording.CompareNatural(a.Name, b.Name) }},
	{name: "target", head: "backend", label: "Target", dir: ascending, cmp: byName},
	{name: "state", head: "state", label: "State", dir: ascending, cmp: func(a, b row) int { return cmp.Compare(stateRank(a.Backend), stateRank(b.Backend)) }},
	{
		name: "since", head: "since", label: "Since", dir: descending,
		cmp:    func(a, b row) int { return a.ShownSince().Compare(b.ShownSince()) },
		absent: func(r row) bool { return r.ShownSince().IsZero() },
	},
	{name: "rps", head: "rps", label: "RPS", by: "RPC attempts per second", dir: descending, cmp: func(a, b row) int {
		return cmp.Compare(a.Recent.Current().Rate(), b.Recent.Current().Rate())
	}},
	{
		name: "success", head: "success", label: "Success", by: "Success rate", dir: ascending,
		cmp:    func(a, b row) int { return cmp.Compare(b.Settled().Failing(), a.Settled().Failing()) },
		absent: func(r row) bool { return r.Settled().Ended == 0 },
	},
	{
		name: "latency", head: "latency", label: "Latency", by: "Mean latency", dir: descending,
		cmp: func(a, b row) int {
			return cmp.Compare(a.Settled().Latency.Mean, b.Settled().Latency.Mean)
		},
		absent: func(r row) bool { return r.Settled().Latency.Mean == 0 },
	},
	{name: "share", head: "share", label: "Share", by: "Share of picks", dir: descending, cmp: func(a, b row) int {
		return cmp.Compare(a.currentShare(), b.currentShare())
	}},
	{name: "in_flight", head: "in_flight", label: "In flight", dir: descending, cmp: func(a, b row) int { return cmp.Compare(a.InFlight, b.InFlight) }},
	{
		name: "last_error", head: "last_error", label: "Last error", by: "Time of the last connection error", dir: descending,
		cmp:    func(a, b row) int { return a.LastErrorAt.Compare(b.LastErrorAt) },
		absent: func(r row) bool { return r.LastErrorAt.IsZero() },
	},
	{name: "picks", head: "totals", label: "Picks", by: "All picks", dir: descending, cmp: func(a, b row) int { return cmp.Compare(a.Picks, b.Picks) }},
	{name: "errors", head: "totals", label: "Errors", by: "All RPCs that did not end OK", dir: descending, cmp: func(a, b row) int { return cmp.Compare(a.failed, b.failed) }},
	{name: "attempts", head: "totals", label: "Connections", by: "Failed connection attempts", dir: descending, cmp: func(a, b row) int {
		return cmp.Or(cmp.Compare(a.ConnectFailed, b.ConnectFailed), cmp.Compare(a.Connected, b.Connected))
	}},
}

// defaultSort is the order of the list if the query names none.
const defaultSort = "worst"

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
		return a.target.Compare(b.target.Key)
	}
	return wording.CompareNatural(a.Name, b.Name)
}

// order returns how the column sorts backends in the direction or, if that is "",
// in the column's usual one. Backends that are equal in it are sorted by name.
func (c column) order(dir string) func(a, b row) int {
	sign := 1
	if cmp.Or(dir, c.dir) == descending {
		sign = -1
	}
	return func(a, b row) int {
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
	}
}
