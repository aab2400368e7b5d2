package promql_test

import (
	"strings"
	"testing"
)

func TestCheckerReportsWhatCannotMatch(t *testing.T) {
	t.Parallel()
	c := readCatalog(t)
	tests := []struct {
		name, expr string
		want       string // part of the report; "" if there is to be none
		labels     string // of the result, if there is no report
	}{
		{name: "plain", expr: `sum by (grpc_target, job) (rate(grpc_lb_picks_total{grpc_lb_backend=~".+"}[1m]))`, labels: "grpc_target, job"},
		{name: "bad syntax", expr: `sum by (grpc_target (grpc_lb_policy_instances)`, want: "parse: "},
		{name: "bad range", expr: `rate(grpc_lb_picks_total)`, want: "parse: "},
		{name: "unknown function", expr: `rates(grpc_lb_picks_total[1m])`, want: "parse: "},
		{name: "unknown metric", expr: `grpc_lb_pick_total`, want: `no metric "grpc_lb_pick_total"`},
		{name: "unknown metric, deep inside", expr: `max(topk(3, clamp_min(1 - (rate(grpc_lb_pick_total[5m] offset 1h) / 2), 0)))`, want: `no metric "grpc_lb_pick_total"`},
		{name: "unknown metric as a matcher", expr: `{__name__="grpc_lb_pick_total"}`, want: `no metric "grpc_lb_pick_total"`},
		{name: "no metric", expr: `{job="shop"}`, want: `no metric ""`},
		{name: "unknown metric on one side", expr: `grpc_lb_policy_instances / grpc_lb_channel`, want: `no metric "grpc_lb_channel"`},
		{name: "bucket of a histogram", expr: `grpc_lb_pick_delay_duration_seconds_bucket{le="+Inf", grpc_delay_type="connecting"}`, labels: "(labels of the scrape config), grpc_delay_type, grpc_lb_policy, grpc_target, instance, job, le"},
		{name: "bucket of a counter", expr: `grpc_lb_picks_total_bucket`, want: `no metric "grpc_lb_picks_total_bucket"`},
		{name: "count of a gauge", expr: `grpc_lb_policy_instances_count`, want: `no metric "grpc_lb_policy_instances_count"`},
		{name: "le without buckets", expr: `sum by (le) (grpc_lb_pick_delay_duration_seconds)`, want: `no label "le"`},
		{name: "unknown label in a matcher", expr: `grpc_lb_policy_instances{grpc_lb_backend="a"}`, want: `no label "grpc_lb_backend"`},
		{name: "unknown label in by", expr: `sum by (grpc_backend) (grpc_lb_picks_total)`, want: `no label "grpc_backend"`},
		{name: "unknown label in without", expr: `sum without (grpc_status) (grpc_lb_picks_total)`, want: `no label "grpc_status"`},
		{name: "label that was summed away", expr: `sum by (grpc_target) (sum by (grpc_lb_policy) (grpc_lb_picks_total))`, want: `no label "grpc_target"`},
		{name: "label of an inner vector that was kept", expr: `max by (job) (sum without (grpc_lb_backend) (grpc_lb_picks_total))`, labels: "job"},
		{name: "on a label of one side", expr: `grpc_lb_picks_total / on (grpc_lb_backend) grpc_lb_policy_instances`, want: `no label "grpc_lb_backend"`},
		{name: "ignoring a label of one side", expr: `grpc_lb_picks_total - ignoring (grpc_status) grpc_lb_rpc_attempts_total{grpc_status="OK"}`, labels: "(labels of the scrape config), grpc_lb_backend, grpc_lb_policy, grpc_target, instance, job"},
		{name: "ignoring an unknown label", expr: `grpc_lb_picks_total - ignoring (code) grpc_lb_rpc_attempts_total`, want: `no label "code"`},
		{name: "group_left", expr: `sum by (job, grpc_lb_backend) (grpc_lb_picks_total) * on (job) group_left (grpc_target) sum by (job, grpc_target) (grpc_lb_policy_instances)`, labels: "grpc_lb_backend, grpc_target, job"},
		{name: "group_left of an unknown label", expr: `grpc_lb_picks_total * on (job) group_left (version) sum by (job) (grpc_lb_policy_instances)`, want: `no label "version"`},
		{name: "group_right of an unknown label", expr: `sum by (job) (grpc_lb_policy_instances) * on (job) group_right (version) grpc_lb_picks_total`, want: `no label "version"`},
		{name: "on gives its labels", expr: `sum by (job, grpc_target) (grpc_lb_policy_instances) / on (job) sum by (job) (grpc_lb_policy_instances)`, labels: "job"},
		{name: "sides that never match", expr: `grpc_lb_picks_total - grpc_lb_rpc_attempts_total`, want: "never match"},
		{name: "sides that never match for the labels of the scrape config", expr: `sum by (job, instance, grpc_target, grpc_lb_policy) (grpc_lb_picks_total) and grpc_lb_policy_instances`, want: "never match"},
		{name: "quantile", expr: `histogram_quantile(0.9, rate(grpc_lb_connect_duration_seconds_bucket[5m]))`, labels: "(labels of the scrape config), grpc_lb_policy, grpc_target, instance, job"},
		{name: "labels that the checker cannot follow", expr: `label_replace(grpc_lb_policy_instances, "a", "$1", "job", "(.*)")`, want: "does not know"},
	}
	for _, tt := range tests {
		result, problems := c.check(tt.expr)
		report := strings.Join(problems, "\n")
		switch {
		case tt.want == "" && report != "":
			t.Errorf("%s: %s: reported, want no report:\n%s", tt.name, tt.expr, report)
		case !strings.Contains(report, tt.want):
			t.Errorf("%s: %s: reported %q, want %q", tt.name, tt.expr, report, tt.want)
		case tt.want == "" && result.String() != tt.labels:
			t.Errorf("%s: %s: labels of the result are %q, want %q", tt.name, tt.expr, result, tt.labels)
		}
	}
}
