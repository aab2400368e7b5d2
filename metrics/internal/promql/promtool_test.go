package promql_test

import (
	"os/exec"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/promql/promserver"
)

func TestPromtoolAcceptsTheAlertsAndTheirTests(t *testing.T) {
	t.Parallel()
	promserver.Require(t, "promtool")
	for _, args := range [][]string{
		{"check", "rules", rulesFile, alertsFile},
		{"test", "rules", alertTestsFile, alertsAloneTestsFile, ruleTestsFile},
	} {
		if out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
