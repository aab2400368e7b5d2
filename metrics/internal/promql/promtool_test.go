package promql_test

import (
	"os"
	"os/exec"
	"testing"
)

// requirePrometheus is an environment variable. If it is set, tests that need a program
// of Prometheus fail without it. Otherwise they are skipped.
const requirePrometheus = "REQUIRE_PROMETHEUS"

func TestPromtoolAcceptsTheAlertsAndTheirTests(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		missing := t.Skipf
		if os.Getenv(requirePrometheus) != "" {
			missing = t.Fatalf
		}
		missing("this test needs promtool, which is part of Prometheus: %v", err)
	}
	for _, args := range [][]string{
		{"check", "rules", rulesFile, alertsFile},
		{"test", "rules", alertTestsFile, alertsAloneTestsFile, ruleTestsFile},
	} {
		if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
