package calls

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

func table(t *testing.T, policies map[string]series.Policy, order ...string) string {
	t.Helper()
	var out strings.Builder
	if err := writeTable(&out, policies, order); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTable(t *testing.T) {
	t.Parallel()
	policies := map[string]series.Policy{
		"round_robin2": {Backends: map[string]series.Backend{
			"127.0.0.1:50052": {Picks: 6, RPCs: map[string]int{"Unavailable": 1, "OK": 5, "Canceled": 0}},
			"127.0.0.1:50051": {Ready: 1, Picks: 5, RPCs: map[string]int{"OK": 5}},
		}},
		"pick_first2": {Backends: map[string]series.Backend{"127.0.0.1:50051": {}}},
		"another":     {Backends: map[string]series.Backend{"127.0.0.1:50051": {Ready: 1, Picks: 1}}},
	}
	want := `
POLICY         BACKEND           READY   PICKS   RPCS
pick_first2    127.0.0.1:50051   0       0       -
round_robin2   127.0.0.1:50051   1       5       OK 5
round_robin2   127.0.0.1:50052   0       6       OK 5, Unavailable 1
another        127.0.0.1:50051   1       1       -
`
	if diff := cmp.Diff(want, "\n"+table(t, policies, "pick_first2", "round_robin2")); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestTableWithoutSeriesSaysWhy(t *testing.T) {
	t.Parallel()
	got := table(t, nil, "pick_first", "round_robin")
	if !strings.Contains(got, "no metrics of pick_first, round_robin") {
		t.Errorf("table %q does not say that the policies are not metered", got)
	}
}
