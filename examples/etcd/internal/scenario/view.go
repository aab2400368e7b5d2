package scenario

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// View is what the metrics say of the backends of one target, by the name that
// they have there.
type View map[string]Backend

// Backend is a row of a View.
type Backend struct {
	Ready, Picks, Repicks, InFlight  int
	OK, NotOK                        int // RPC attempts that have ended
	Disconnections, FailedConnection int
}

// look reads the metrics of round_robin2 for the target.
func look(from prometheus.Gatherer, target string) (View, error) {
	families, err := from.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather metrics: %w", err)
	}
	view := make(View)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := labelsOf(metric)
			name := labels["grpc_lb_backend"]
			if name == "" || labels["grpc_target"] != target {
				continue
			}
			b := view[name]
			b.add(family.GetName(), labels, int(metric.GetCounter().GetValue()+metric.GetGauge().GetValue()))
			view[name] = b
		}
	}
	return view, nil
}

// add adds a series' value to the field that shows it.
func (b *Backend) add(series string, labels map[string]string, value int) {
	switch series {
	case "grpc_lb_backend_ready":
		b.Ready += value
	case "grpc_lb_picks_total":
		b.Picks += value
	case "grpc_lb_repicks_total":
		b.Repicks += value
	case "grpc_lb_rpcs_in_flight":
		b.InFlight += value
	case "grpc_lb_disconnections_total":
		b.Disconnections += value
	case "grpc_lb_rpcs_total":
		if labels["grpc_code"] == "OK" {
			b.OK += value
		} else {
			b.NotOK += value
		}
	case "grpc_lb_connection_attempts_total":
		if labels["result"] == "failure" {
			b.FailedConnection += value
		}
	}
}

func labelsOf(metric *dto.Metric) map[string]string {
	labels := make(map[string]string)
	for _, pair := range metric.GetLabel() {
		labels[pair.GetName()] = pair.GetValue()
	}
	return labels
}

// Ready counts the backends that are READY.
func (v View) Ready() int {
	ready := 0
	for _, b := range v {
		ready += min(b.Ready, 1)
	}
	return ready
}

// Sum adds the rows up.
func (v View) Sum() Backend {
	var sum Backend
	for _, b := range v {
		sum = sum.plus(b, 1)
	}
	return sum
}

// Since returns the view with the difference of its counters to before. Gauges
// stay as they are.
func (v View) Since(before View) View {
	since := make(View)
	for name, b := range v {
		d := b.plus(before[name], -1)
		d.Ready, d.InFlight = b.Ready, b.InFlight
		since[name] = d
	}
	return since
}

func (b Backend) plus(other Backend, times int) Backend {
	b.Ready += times * other.Ready
	b.Picks += times * other.Picks
	b.Repicks += times * other.Repicks
	b.InFlight += times * other.InFlight
	b.OK += times * other.OK
	b.NotOK += times * other.NotOK
	b.Disconnections += times * other.Disconnections
	b.FailedConnection += times * other.FailedConnection
	return b
}

// write writes the view as a table.
func (v View) write(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "BACKEND\tREADY\tPICKS\tOK\tNOT OK\tLOST CONNECTIONS\tFAILED ATTEMPTS TO CONNECT")
	for _, name := range slices.SortedFunc(maps.Keys(v), cmp.Compare[string]) {
		b := v[name]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", name, b.Ready, b.Picks, b.OK, b.NotOK, b.Disconnections, b.FailedConnection)
	}
	_ = table.Flush() // as with Fprintf, the output is the terminal's
}
