package trial

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

func writeTable(out io.Writer, tr *Trial, policy, children series.Policy) error {
	fmt.Fprintf(out, "\n%s: %s\n", tr.Name, tr.Promise)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "  BACKEND\tPICKS\tSHARE\tRPCS BY CODE\tREADY\tMEAN LATENCY")
	picks := policy.Sum().Picks
	for _, server := range tr.Servers {
		name := server.Addr
		if server.Loaded() {
			name += " (loaded)"
		}
		b, ok := policy.Backends[server.Addr]
		if !ok {
			fmt.Fprintf(table, "  %s\t-\t-\tno subchannel yet\t-\t-\n", name)
			continue
		}
		fmt.Fprintf(table, "  %s\t%d\t%.1f %%\t%s\t%d\t%s\n", name,
			b.Picks, 100*float64(b.Picks)/float64(max(1, picks)), cmp.Or(series.FormatCodes(b.RPCs), "none"), b.Ready, meanLatency(b))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if tr.HasChildren() {
		fmt.Fprintf(out, "  its children count too, as pick_first: %d picks, %d instances\n", children.Sum().Picks, children.Instances)
	}
	return nil
}

func meanLatency(b series.Backend) string {
	if b.Timed == 0 {
		return "-"
	}
	return time.Duration(b.Seconds / float64(b.Timed) * float64(time.Second)).Round(100 * time.Microsecond).String()
}
