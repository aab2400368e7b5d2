package dashboard

import (
	"fmt"
	"slices"
	"strings"
)

// menu is one of the dashboard's menus. It selects series by the values of a label. Not
// all series have all the labels: with nothing chosen, the pattern is .*, which matches
// a label that is missing, too.
type menu struct{ Name, Label, Title, Description string }

// menus are the menus in their order. Each offers only the values of series that the
// menus before it select.
var menus = []menu{
	{"cluster", "cluster", "Cluster", "Clusters of the clients, if the scrape config has the label cluster."},
	{"namespace", "namespace", "Namespace", "Namespaces of the clients, if the scrape config has the label namespace."},
	{"job", "job", "Job", "Jobs of the clients."},
	{"instance", "instance", "Client", "Client processes, by the label instance."},
	{"target", "grpc_target", "Target", "Targets that the clients dial, as in grpc.NewClient."},
	{"policy", "grpc_lb_policy", "Policy", "Load-balancing policies."},
}

// Query returns Grafana's query for the values of the menu.
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

// Labels to sum by, and the legends for such sums.
const (
	perTarget  = "grpc_target, grpc_lb_policy"
	perBackend = perTarget + ", grpc_lb_backend"
	perCode    = perTarget + ", grpc_status"
	perState   = perTarget + ", grpc_connectivity_state"
	perResult  = perTarget + ", grpc_lb_result"
	perDelay   = perTarget + ", grpc_delay_type"
	perClient  = perTarget + ", instance"

	ofTarget  = "{{grpc_target}} {{grpc_lb_policy}}"
	ofBackend = "{{grpc_lb_backend}} " + ofTarget
	ofCode    = "{{grpc_status}} " + ofTarget
	ofState   = "{{grpc_connectivity_state}} " + ofTarget
	ofResult  = "{{grpc_lb_result}} " + ofTarget
	ofDelay   = "{{grpc_delay_type}} " + ofTarget
	ofClient  = "{{instance}} " + ofTarget
)

// series returns the metric's series that the menus select, and the matchers.
func series(metric string, more ...string) string {
	return metric + "{" + matchers(menus, more...) + "}"
}

// interval is the range of rates. Grafana adapts it to the scrape interval and the zoom.
const interval = "[$__rate_interval]"

func rate(metric string, more ...string) string {
	return "rate(" + series(metric, more...) + interval + ")"
}

// lately is the range of what the panels at the top say of now. It spans the time
// between two attempts to connect to a backend that is down.
const lately = "[5m]"

func rateLately(metric string, more ...string) string {
	return "rate(" + series(metric, more...) + lately + ")"
}

func sum(by, vector string) string {
	return "sum by (" + by + ") (" + vector + ")"
}

// quantile returns the quantile of the histogram. It uses the native histogram if the
// server has it, otherwise the classic buckets.
func quantile(q, by, histogram string) string {
	return quantileOf(q, by, histogram, rate)
}

func quantileOf(q, by, histogram string, rate func(string, ...string) string) string {
	return lines(
		"histogram_quantile("+q+", "+sum(by, rate(histogram))+")",
		"or histogram_quantile("+q+", "+sum(strings.TrimSuffix("le, "+by, ", "), rate(histogram+"_bucket"))+")")
}

// ofEach limits a ranking to the series of each target: what is the tenth highest of one
// may be more than the highest of another.
const ofEach = " by (" + perTarget + ") ($top, "

// highest returns the series of each target with the highest values at each moment.
func highest(vector string) string { return ranked("topk", vector) }

// lowest returns the series of each target with the lowest values at each moment.
func lowest(vector string) string { return ranked("bottomk", vector) }

func ranked(op, vector string) string {
	if strings.Contains(vector, "\n") {
		return lines(op+ofEach, vector, ")")
	}
	return op + ofEach + vector + ")"
}

// leaders returns the series of the vector that have the highest rank at the right edge
// of the graph.
func leaders(vector, rank string) string {
	return lines(vector, "and", highest(atEnd(rank)))
}

// atEnd returns an expression that has, at each moment, the value at the end of the
// graph.
func atEnd(expr string) string {
	return strings.NewReplacer("}"+interval, "}"+interval+" @ end()", "}"+lately, "}"+lately+" @ end()", "}", "} @ end()").Replace(expr)
}

func lines(all ...string) string { return strings.Join(all, "\n") }

// Ends of descriptions.
const (
	showsHighest = " The panel shows the $top highest of each target at each moment."
	showsLowest  = " The panel shows the $top lowest of each target at each moment."
	showsLeaders = " The panel shows the $top backends of each target that are highest at the right edge of the graph, so that lines do not break. To rank them at another moment, end the time range there."
)
