package metered

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// WriteTable writes the title and a row for each backend.
func WriteTable(out io.Writer, title string, p series.Policy) {
	fmt.Fprintf(out, "\n%s\n", title)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "BACKEND\tREADY\tPICKS\tOK\tNOT OK\tLOST CONNECTIONS\tFAILED ATTEMPTS TO CONNECT")
	for _, name := range slices.Sorted(maps.Keys(p.Backends)) {
		b := p.Backends[name]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", name, b.Ready, b.Picks, b.OK(), b.NotOK(), b.Disconnections, b.FailedAttempts)
	}
	_ = table.Flush() // the output is the terminal's
}
