package dashboard

import (
	"fmt"
	"slices"
	"strings"
)

// menu is one of the menus at the top that select series: by the values of a
// label.
type menu struct{ Name, Label, Title, Description string }

// menus are the menus in their order. Each offers only values that series have
// which the ones before it select.
var menus = []menu{
	{"job", "job", "Job", "Jobs of the clients."},
	{"target", "grpc_target", "Target", "Targets that the clients dial, as in grpc.NewClient."},
	{"policy", "grpc_lb_policy", "Policy", "Load-balancing policies."},
}

// Query returns the query for the values that the menu offers.
func (m menu) Query() string {
	selected := "grpc_lb_policy_instances"
	if before := menus[:slices.Index(menus, m)]; len(before) > 0 {
		selected += "{" + matchers(before) + "}"
	}
	return fmt.Sprintf("label_values(%s, %s)", selected, m.Label)
}

func matchers(menus []menu, more ...string) string {
	var all []string
	for _, m := range menus {
		all = append(all, fmt.Sprintf(`%s=~"$%s"`, m.Label, m.Name))
	}
	return strings.Join(append(all, more...), ", ")
}

// Labels to sum by, and the legends that tell such sums apart.
const (
	perTarget  = "grpc_target, grpc_lb_policy"
	perBackend = perTarget + ", grpc_lb_backend"
	perCode    = perTarget + ", grpc_status"
	perState   = perTarget + ", grpc_connectivity_state"
	perResult  = perTarget + ", grpc_lb_result"
	perDelay   = perTarget + ", grpc_delay_type"

	ofTarget  = "{{grpc_target}} {{grpc_lb_policy}}"
	ofBackend = "{{grpc_lb_backend}} " + ofTarget
	ofCode    = "{{grpc_status}} " + ofTarget
	ofState   = "{{grpc_connectivity_state}} " + ofTarget
	ofResult  = "{{grpc_lb_result}} " + ofTarget
	ofDelay   = "{{grpc_delay_type}} " + ofTarget
)

// series returns the metric's series that the menus select, and the matchers.
func series(metric string, more ...string) string {
	return metric + "{" + matchers(menus, more...) + "}"
}

// interval is how far back rates look: Grafana fits it to the scrape interval and
// the zoom.
const interval = "[$__rate_interval]"

func rate(metric string, more ...string) string {
	return "rate(" + series(metric, more...) + interval + ")"
}

func sum(by, vector string) string {
	return "sum by (" + by + ") (" + vector + ")"
}

// quantile returns the quantile of the histogram: from the native one where the
// server has it, else from the classic buckets.
func quantile(q, by, histogram string) string {
	return lines(
		"histogram_quantile("+q+", "+sum(by, rate(histogram))+")",
		"or histogram_quantile("+q+", "+sum("le, "+by, rate(histogram+"_bucket"))+")")
}

// highest returns the series that are highest at each moment.
func highest(vector string) string {
	if strings.Contains(vector, "\n") {
		return lines("topk($top,", vector, ")")
	}
	return "topk($top, " + vector + ")"
}

// leaders returns those series of the vector that lead, by the rank, at the right
// edge of the graph.
func leaders(vector, rank string) string {
	return lines(vector, "and", highest(atEnd(rank)))
}

// atEnd returns the expression as it is at the end of the graph, at each moment.
func atEnd(expr string) string {
	return strings.NewReplacer("}"+interval, "}"+interval+" @ end()", "}", "} @ end()").Replace(expr)
}

func lines(all ...string) string { return strings.Join(all, "\n") }

// Ends of descriptions.
const (
	showsHighest = " At each moment the $top highest are shown."
	showsLeaders = " The $top backends that lead at the right edge of the graph are shown, so that lines do not break; to rank another moment, end the time range there."
)
