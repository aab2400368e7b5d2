package promql_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

const (
	opsReadmeFile = "../../ops/README.md"
	runbookURL    = "https://github.com/grpc-balancer2/balancer2/blob/main/metrics/ops/README.md#"
)

// section matches the heading of an alert's section in the README, and its first line.
var section = regexp.MustCompile(`(?m)^### (GRPCLB\w+)\n\n(.*)$`)

// An alert leads the engineer on call to a section that begins with what to look at.
func TestEveryAlertHasARunbook(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(opsReadmeFile)
	if err != nil {
		t.Fatal(err)
	}
	begins := make(map[string]string)
	for _, found := range section.FindAllStringSubmatch(string(content), -1) {
		begins[found[1]] = found[2]
	}
	for _, rule := range readAlerts(t) {
		if !strings.HasPrefix(begins[rule.Alert], "**Look at** ") {
			t.Errorf("%s has a section %s that begins with %q, want **Look at**", opsReadmeFile, rule.Alert, begins[rule.Alert])
		}
		if got, want := rule.Annotations["runbook_url"], runbookURL+strings.ToLower(rule.Alert); got != want {
			t.Errorf("%s: runbook_url is %s, want %s", rule.Alert, got, want)
		}
		delete(begins, rule.Alert)
	}
	for name := range begins {
		t.Errorf("%s has a section for %s, which is no alert", opsReadmeFile, name)
	}
}
