package scenario

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/examples/xds/internal/backend"
)

// Report is what was seen.
type Report struct {
	Steps  []Step
	Totals []Row              // of the whole run
	Codes  map[codes.Code]int // how the client's RPCs ended
	Failed int                // picks answered with an error
}

// Step is a sample of RPCs, taken once the effect of the step was there.
type Step struct {
	Title    string
	Channels int // instances of the policy: one for each locality
	Rows     []Row
}

// Row is what was counted for a backend.
type Row struct {
	Name, Zone, Addr  string
	Listed            bool  // by the control plane
	Answered, Refused int64 // by the backend, in all
	Counts
}

// Share is the part of the step's picks that the row's backend got.
func (s Step) Share(name string) float64 {
	var all, own int
	for _, r := range s.Rows {
		all += r.Picks
		if r.Name == name {
			own = r.Picks
		}
	}
	return float64(own) / float64(max(all, 1))
}

// of returns the series of the backend.
func (v View) of(b *backend.Backend) Counts { return v.Backends[b.Addr().String()] }

func (w *world) sampleOf(title string, before, after View) Step {
	return Step{Title: title, Channels: after.Channels, Rows: w.rows(before, after)}
}

func (w *world) rows(before, after View) []Row {
	var rows []Row
	for _, b := range w.backends {
		rows = append(rows, Row{
			Name: b.Name, Zone: b.Zone, Addr: b.Addr().String(), Listed: w.listed[b],
			Answered: b.Answered(), Refused: b.Failed(),
			Counts: after.of(b).since(before.of(b)),
		})
	}
	return rows
}

func (s Step) print(out io.Writer, took time.Duration) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "BACKEND\tLOCALITY\tLISTED\tREADY\tSHARE\tOK\tUNAVAILABLE\tDISCONNECTIONS")
	for _, r := range s.Rows {
		fmt.Fprintf(table, "%s %s\t%s\t%t\t%d\t%.0f %%\t%d\t%d\t%d\n",
			r.Name, r.Addr, r.Zone, r.Listed, r.Ready, 100*s.Share(r.Name), r.OK, r.Unavailable, r.Disconnections)
	}
	_ = table.Flush() // to a terminal, as all that is printed
	fmt.Fprintf(out, "effect seen in the metrics after %v; %d instances of %s\n", took, s.Channels, Policy)
}
