package trial

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
)

const clock = "15:04:05.000000"

// write writes what an evaluator of OTLP wants to know.
func (e Export) write(out io.Writer) {
	fmt.Fprintf(out, "\n--- what has arrived: %d points in %d bytes, %d to a point ---\n",
		len(e.Arrived), e.Bytes(), e.Bytes()/max(1, len(e.Arrived)))
	resource := e.Resource()
	for _, name := range slices.Sorted(maps.Keys(resource)) {
		fmt.Fprintf(out, "resource %s = %s\n", name, resource[name])
	}
	for scope := range e.Scopes() {
		fmt.Fprintf(out, "scope %s\n", scope)
	}
	fmt.Fprintln(out)
	e.writeFamilies(out)
	e.writeHistogram(out)
	e.writeLost(out)
}

func (e Export) writeFamilies(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "FAMILY\tTYPE\tUNIT\tTEMPORALITY\tSERIES\tFIRST START")
	for _, family := range e.Arrived.Families() {
		those := e.Arrived.Where(func(s points.Series, _ points.Point) bool { return s.Family == family })
		first := those[those.Sorted()[0]]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\n", family, first.Type,
			cmp.Or(first.Unit, "-"), cmp.Or(first.Temporality, "-"), len(those), formatStart(earliest(those)))
	}
	_ = table.Flush() // the output is the terminal's
}

func earliest(some points.Points) time.Time {
	return slices.MinFunc(slices.Collect(maps.Values(some)), func(a, b points.Point) int {
		return a.Start.Compare(b.Start)
	}).Start
}

func formatStart(start time.Time) string {
	if start.IsZero() {
		return "-"
	}
	return start.Format(clock)
}

// writeHistogram writes the exponential histogram with the most observations.
func (e Export) writeHistogram(out io.Writer) {
	series, p := e.largest()
	if len(p.Buckets) == 0 {
		return
	}
	fmt.Fprintf(out, "\n--- an exponential histogram ---\n%v\n", series)
	bounds := slices.Sorted(maps.Keys(p.Buckets))
	fmt.Fprintf(out, "count %d, sum %.6f, zero count %d\nscale %d, with %d buckets that are not empty, the last up to %.3g\n",
		p.Count, p.Value, p.ZeroCount, p.Scale, len(bounds), bounds[len(bounds)-1])
	fmt.Fprintf(out, "from %s to %s\n", formatStart(p.Start), formatStart(p.Time))
}

// largest returns the exponential histogram with the most observations.
func (e Export) largest() (series points.Series, p points.Point) {
	for _, s := range e.Arrived.Sorted() {
		if one := e.Arrived[s]; one.Type == points.ExponentialHistogram && one.Count > p.Count {
			series, p = s, one
		}
	}
	return series, p
}

func (e Export) writeLost(out io.Writer) {
	fmt.Fprintln(out, "\n--- compared with the registry at the same moment ---")
	fmt.Fprintf(out, "%d of %d series differ in type, value, buckets or start\n", len(points.Diff(e.Registry, e.Arrived)), len(e.Registry))
	fmt.Fprintf(out, "%d of %d exemplars have arrived\n", e.Arrived.Exemplars(), e.Registry.Exemplars())
	fmt.Fprintf(out, "%d of %d families have a unit\n", len(e.Arrived.Where(hasUnit).Families()), len(e.Arrived.Families()))
	fmt.Fprintf(out, "%d series are of the exporter's own channel\n", len(e.OfExporter))
}

func hasUnit(_ points.Series, p points.Point) bool { return p.Unit != "" }
