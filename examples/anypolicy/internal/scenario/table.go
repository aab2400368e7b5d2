package scenario

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/view"
)

func writeTable(out io.Writer, w *World, seen, children view.Policy) error {
	fmt.Fprintf(out, "\n%s: %s\n", w.Name, w.Promise)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "  BACKEND\tPICKS\tSHARE\tRPCS BY CODE\tREADY\tMEAN LATENCY")
	for _, server := range w.Servers {
		name := server.Addr
		if server.Loaded() {
			name += " (loaded)"
		}
		b := seen.Backends[server.Addr]
		if b == nil {
			fmt.Fprintf(table, "  %s\t-\t-\tno subchannel yet\t-\t-\n", name)
			continue
		}
		fmt.Fprintf(table, "  %s\t%d\t%.1f %%\t%s\t%d\t%s\n", name,
			b.Picks, 100*float64(b.Picks)/float64(max(1, seen.Picks())), byCode(b.Codes), b.Ready, mean(b))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if w.HasChildren() {
		fmt.Fprintf(out, "  its children count too, as pick_first: %d picks, %d instances\n", children.Picks(), children.Channels)
	}
	return nil
}

// byCode leaves out what did not occur, which has a series if it is OK.
func byCode(codes map[string]int) string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if n := codes[code]; n > 0 {
			parts = append(parts, fmt.Sprint(code, " ", n))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func mean(b *view.Backend) string {
	if b.Timed == 0 {
		return "-"
	}
	return time.Duration(b.Seconds / float64(b.Timed) * float64(time.Second)).Round(100 * time.Microsecond).String()
}
