package metricsview

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

type key struct{ policy, backend string }

type row struct {
	ready, picks float64
	rpcs         map[string]float64 // by code
}

// WriteTable writes what the view says of each policy and backend. The policies
// come in the order given, others behind them.
func (v View) WriteTable(w io.Writer, policies []string) error {
	rows := v.rows()
	if len(rows) == 0 {
		_, err := fmt.Fprintf(w, "no metrics of %s; pick_first2, round_robin2 and what metrics.Default.Instrument wraps have some\n",
			strings.Join(policies, ", "))
		return err
	}
	order := func(policy string) int {
		if i := slices.Index(policies, policy); i >= 0 {
			return i
		}
		return len(policies)
	}
	keys := slices.SortedFunc(maps.Keys(rows), func(a, b key) int {
		return cmp.Or(
			cmp.Compare(order(a.policy), order(b.policy)),
			cmp.Compare(a.policy, b.policy),
			cmp.Compare(a.backend, b.backend),
		)
	})
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "POLICY\tBACKEND\tREADY\tPICKS\tRPCS")
	for _, k := range keys {
		r := rows[k]
		fmt.Fprintf(table, "%s\t%s\t%.0f\t%.0f\t%s\n", k.policy, k.backend, r.ready, r.picks, byCode(r.rpcs))
	}
	return table.Flush()
}

func (v View) rows() map[key]*row {
	rows := make(map[key]*row)
	each := func(name string, add func(*row, sample)) {
		for _, s := range v.series[name] {
			k := key{s.label("grpc_lb_policy"), s.label("grpc_lb_backend")}
			if rows[k] == nil {
				rows[k] = &row{rpcs: make(map[string]float64)}
			}
			add(rows[k], s)
		}
	}
	each("grpc_lb_backend_ready", func(r *row, s sample) { r.ready += s.value() })
	each("grpc_lb_picks_total", func(r *row, s sample) { r.picks += s.value() })
	each("grpc_lb_rpcs_total", func(r *row, s sample) { r.rpcs[s.label("grpc_code")] += s.value() })
	return rows
}

// byCode formats counts as "OK 10, Unavailable 1"; those of zero are left out.
func byCode(rpcs map[string]float64) string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(rpcs)) {
		if rpcs[code] > 0 {
			parts = append(parts, fmt.Sprintf("%s %.0f", code, rpcs[code]))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "-")
}
