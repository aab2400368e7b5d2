package calls

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// writeTable writes a row for each policy and backend. The given policies come
// first, in the given order.
func writeTable(w io.Writer, from map[string]series.Policy, order []string) error {
	names := slices.Sorted(maps.Keys(from))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(order, a), rank(order, b)) })
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	rows := 0
	for _, name := range names {
		backends := from[name].Backends
		for _, addr := range slices.Sorted(maps.Keys(backends)) {
			if rows++; rows == 1 {
				fmt.Fprintln(table, "POLICY\tBACKEND\tREADY\tPICKS\tRPCS")
			}
			b := backends[addr]
			fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\n", name, addr, b.Ready, b.Picks, cmp.Or(series.FormatCodes(b.RPCs), "-"))
		}
	}
	if rows == 0 {
		fmt.Fprintf(table, "no metrics of %s; pick_first2, round_robin2 and what metrics.Default().Instrument wraps have some\n",
			strings.Join(order, ", "))
	}
	return table.Flush()
}

// rank returns the name's position in the order, or the position after the last.
func rank(order []string, name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}
