package promql_test

import (
	"regexp"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

// policies are those of this project and of gRPC, and some names that people give to
// their own: whether they are meant to give each backend the same share.
var policies = map[string]bool{
	"round_robin":                    true,
	"round_robin2":                   true,
	"random_subsetting_experimental": true, // of the backends that it uses
	"my_round_robin":                 true,
	"random":                         true,

	"pick_first":                       false,
	"pick_first2":                      false,
	"grpclb":                           false,
	"least_request_experimental":       false,
	"outlier_detection_experimental":   false,
	"priority_experimental":            false,
	"ring_hash_experimental":           false,
	"maglev_hash":                      false,
	"rls_experimental":                 false,
	"weighted_round_robin":             false,
	"weighted_target_experimental":     false,
	"cds_experimental":                 false,
	"xds_cluster_impl_experimental":    false,
	"xds_cluster_manager_experimental": false,
	"cluster_resolver_experimental":    false,
	"xds_override_host_experimental":   false,
	"xds_wrr_locality_experimental":    false,
	"peak_ewma":                        false,
}

// No alert says that a policy is uneven if it is uneven by design.
func TestUnevenPoliciesAreLeftOut(t *testing.T) {
	t.Parallel()
	checked := make(map[string]bool)
	for _, rule := range readRecordings(t) {
		if rule.Record != "client:grpc_lb_imbalance:ratio10m" && rule.Record != "client_backend:grpc_lb_not_picked:share10m" {
			continue
		}
		var matchers []*labels.Matcher
		for _, s := range selectorsIn(parse(t, rule.Expr)) {
			for _, m := range s.LabelMatchers {
				if m.Name == "grpc_lb_policy" {
					matchers = append(matchers, m)
				}
			}
		}
		if len(matchers) != 1 {
			t.Errorf("%s has %d matchers of the policy, want one", rule.Record, len(matchers))
			continue
		}
		checked[matchers[0].Value] = true
		for policy, even := range policies {
			if matchers[0].Matches(policy) != even {
				t.Errorf("%s: policy %s counts as even: %t, want %t", rule.Record, policy, !even, even)
			}
		}
	}
	if len(checked) != 1 {
		t.Errorf("the rules leave out policies by %v, want one expression, the same in both", checked)
	}
}

// withoutProcess matches the labels of a sum over clients.
var withoutProcess = regexp.MustCompile(`without \(([^)]*)\)`)

// A sum that forgets one of the labels that tell clients apart has a series for each
// client, and so an alert for each.
func TestSumsOverClientsLeaveOutAllLabelsOfClients(t *testing.T) {
	t.Parallel()
	sums := 0
	for _, rule := range append(readRecordings(t), readAlerts(t)...) {
		for _, found := range withoutProcess.FindAllStringSubmatch(rule.Expr, -1) {
			named := 0
			for _, label := range regexp.MustCompile(`\w+`).FindAllString(found[1], -1) {
				if ofProcess[label] {
					named++
				}
			}
			if named != 0 && named != len(ofProcess) {
				t.Errorf("%s%s sums %s, want all of %v, or none", rule.Record, rule.Alert, found[0], ofProcess)
			}
			sums += named
		}
	}
	if sums == 0 {
		t.Error("no rule sums over the clients")
	}
}
