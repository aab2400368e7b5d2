package changes

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// Report is the result of a run.
type Report struct {
	Steps       []Step
	Totals      []Row // of the whole run
	RPCs        load.Counts
	PicksFailed int // picks answered with an error
}

// Step is a sample of RPCs, taken after the metrics showed the effect of the step.
type Step struct {
	Title     string
	Instances int // of the policy: one for each locality
	Rows      []Row
}

// Row has the counts of one backend.
type Row struct {
	Name, Zone, Addr  string
	Listed            bool  // by the control plane
	Answered, Refused int64 // by the backend, during the whole run
	series.Backend
}

// Unavailable returns the number of RPC attempts that ended with UNAVAILABLE.
func (r Row) Unavailable() int { return r.RPCs["Unavailable"] }

// Share returns the share of the step's picks that the named backend got.
func (s Step) Share(name string) float64 {
	var all, picks int
	for _, r := range s.Rows {
		all += r.Picks
		if r.Name == name {
			picks = r.Picks
		}
	}
	return float64(picks) / float64(max(all, 1))
}

// rows returns the counts of each backend between two readings.
func (d *demo) rows(before, after series.Policy) []Row {
	var rows []Row
	for _, b := range d.backends {
		rows = append(rows, Row{
			Name: b.Name, Zone: b.Zone, Addr: b.Addr().String(), Listed: d.listed[b],
			Answered: b.Answered(), Refused: b.Failed(),
			Backend: of(after, b).Since(of(before, b)),
		})
	}
	return rows
}

func (s Step) print(out io.Writer, took time.Duration) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "BACKEND\tLOCALITY\tLISTED\tREADY\tSHARE\tOK\tUNAVAILABLE\tDISCONNECTIONS")
	for _, r := range s.Rows {
		fmt.Fprintf(table, "%s %s\t%s\t%t\t%d\t%.0f %%\t%d\t%d\t%d\n",
			r.Name, r.Addr, r.Zone, r.Listed, r.Ready, 100*s.Share(r.Name), r.OK(), r.Unavailable(), r.Disconnections)
	}
	_ = table.Flush() // the output is the terminal's
	fmt.Fprintf(out, "effect seen in the metrics after %v; %d instances of %s\n", took, s.Instances, Policy)
}
