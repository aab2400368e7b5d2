package promql_test

import (
	"os"
	"os/exec"
	"testing"
)

// requirePrometheus is the environment variable that makes the tests fail where
// they would be skipped for want of a program of Prometheus's.
const requirePrometheus = "REQUIRE_PROMETHEUS"

func TestPromtoolAcceptsTheAlertsAndTheirTests(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		missing := t.Skipf
		if os.Getenv(requirePrometheus) != "" {
			missing = t.Fatalf
		}
		missing("the alerts are not tested without promtool; install Prometheus, which it comes with: %v", err)
	}
	for _, args := range [][]string{
		{"check", "rules", alertsFile},
		{"test", "rules", alertTestsFile},
	} {
		if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
