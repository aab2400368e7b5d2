package selection

import (
	"cmp"
	"slices"

	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// Column is a value by which backends can be sorted.
type Column struct {
	Name  string
	Head  string // the class of the table's column that shows it; "" for none
	Label string // of the link in the heading
	By    string // the value to sort by, in words; "" if the label says it
	dir   string // the usual direction
	cmp   func(a, b Row) int
	// absent reports whether the backend does not have the value. Such backends
	// come last in both directions. It is nil if all backends have it.
	absent func(Row) bool
}

// Columns are all values by which backends can be sorted. The first is the default.
var Columns = []Column{
	{Name: DefaultSort, Label: "Worst first", By: "the worst first", dir: Ascending, cmp: func(a, b Row) int { return a.Compare(b.Judged) }},
	{Name: "backend", Head: "backend", Label: "Backend", dir: Ascending, cmp: func(a, b Row) int { return wording.CompareNatural(a.Name, b.Name) }},
	{Name: "target", Head: "backend", Label: "Target", dir: Ascending, cmp: byName},
	{Name: "state", Head: "state", Label: "State", dir: Ascending, cmp: func(a, b Row) int { return cmp.Compare(stateRank(a.Backend), stateRank(b.Backend)) }},
	{
		Name: "since", Head: "since", Label: "Since", dir: Descending,
		cmp:    func(a, b Row) int { return a.ShownSince().Compare(b.ShownSince()) },
		absent: func(r Row) bool { return r.ShownSince().IsZero() },
	},
	{Name: "rps", Head: "rps", Label: "RPS", By: "RPC attempts per second", dir: Descending, cmp: func(a, b Row) int {
		return cmp.Compare(a.Recent.Current().Rate(), b.Recent.Current().Rate())
	}},
	{
		Name: "success", Head: "success", Label: "Success", By: "Success rate", dir: Ascending,
		cmp:    func(a, b Row) int { return cmp.Compare(b.Settled().Failing(), a.Settled().Failing()) },
		absent: func(r Row) bool { return r.Settled().Ended == 0 },
	},
	{
		Name: "latency", Head: "latency", Label: "Latency", By: "Mean latency", dir: Descending,
		cmp: func(a, b Row) int {
			return cmp.Compare(a.Settled().Latency.Mean, b.Settled().Latency.Mean)
		},
		absent: func(r Row) bool { w := r.Settled(); return w.Latency.Mean == 0 && w.Below() == 0 },
	},
	{Name: "share", Head: "share", Label: "Share", By: "Share of picks", dir: Descending, cmp: func(a, b Row) int {
		return cmp.Compare(a.CurrentShare(), b.CurrentShare())
	}},
	{Name: "in_flight", Head: "in_flight", Label: "In flight", dir: Descending, cmp: func(a, b Row) int { return cmp.Compare(a.InFlight, b.InFlight) }},
	{
		Name: "last_error", Head: "last_error", Label: "Last error", By: "Time of the last connection error", dir: Descending,
		cmp:    func(a, b Row) int { return a.LastErrorAt.Compare(b.LastErrorAt) },
		absent: func(r Row) bool { return r.LastErrorAt.IsZero() },
	},
	{Name: "picks", Head: "totals", Label: "Picks", By: "All picks", dir: Descending, cmp: func(a, b Row) int { return cmp.Compare(a.Picks, b.Picks) }},
	{Name: "errors", Head: "totals", Label: "Errors", By: "All RPCs that did not end OK", dir: Descending, cmp: func(a, b Row) int { return cmp.Compare(a.failed, b.failed) }},
	{Name: "attempts", Head: "totals", Label: "Connections", By: "Failed connection attempts", dir: Descending, cmp: func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.ConnectFailed, b.ConnectFailed), cmp.Compare(a.Connected, b.Connected))
	}},
}

// DefaultSort is the order of the list if the query names none.
const DefaultSort = "worst"

func columnNames() []string {
	names := make([]string, len(Columns))
	for i, c := range Columns {
		names[i] = c.Name
	}
	return names
}

// Column returns the column by which the query sorts.
func (q Query) Column() Column {
	name := cmp.Or(q.Sort, DefaultSort)
	return Columns[slices.IndexFunc(Columns, func(c Column) bool { return c.Name == name })]
}

// byName orders backends by target, policy and name. No two are equal.
func byName(a, b Row) int {
	if a.Target != b.Target {
		return a.Target.Compare(b.Target.Key)
	}
	return wording.CompareNatural(a.Name, b.Name)
}

// order returns how the column sorts backends in the direction or, if that is "",
// in the column's usual one. Backends that are equal in it are sorted by name.
func (c Column) order(dir string) func(a, b Row) int {
	sign := 1
	if cmp.Or(dir, c.dir) == Descending {
		sign = -1
	}
	return func(a, b Row) int {
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
