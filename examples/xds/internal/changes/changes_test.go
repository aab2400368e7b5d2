package changes_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/changes"
)

var runs atomic.Int64

// newName returns a new name for each run, because the series of earlier runs still
// exist.
func newName() string { return fmt.Sprintf("service-%d", runs.Add(1)) }

func TestEndpointsComeAndGoWithoutAFailedRPCAndSickOnesAreEjected(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out strings.Builder
	name := newName()
	report, err := changes.Run(ctx, name, &out)
	t.Log(out.String())
	if err != nil {
		t.Fatalf("Run: %v", err)
	}

	wantShares(t, report)
	wantAttempts(t, report)
	if report.RPCs.Codes[codes.Unavailable] == 0 || len(report.RPCs.Codes) != 2 {
		t.Errorf("RPCs ended with %v, want only OK and, while b4 is sick, Unavailable", report.RPCs)
	}
	if report.PicksFailed != 0 {
		t.Errorf("%d picks were answered with an error, want none", report.PicksFailed)
	}
	for _, row := range report.Totals {
		if row.Unavailable() != 0 && row.Name != "b4" {
			t.Errorf("%d RPCs failed on %s, which was never sick", row.Unavailable(), row.Name)
		}
	}
	label := fmt.Sprintf(`grpc_lb_policy_instances{grpc_lb_policy="round_robin2",grpc_target="xds:///%s"} 2`, name)
	if !strings.Contains(out.String(), label) {
		t.Errorf("output lacks %s", label)
	}
}

// wantShares checks how RPCs are spread. They go to the two localities at random,
// about half to each. Within a locality they go to the endpoints in turn.
func wantShares(t *testing.T, report changes.Report) {
	t.Helper()
	want := []struct {
		title string
		zones [2][]string
	}{
		{title: changes.TwoZones, zones: [2][]string{{"b1", "b2"}, {"b3"}}},
		{title: changes.Added, zones: [2][]string{{"b1", "b2"}, {"b3", "b4"}}},
		{title: changes.Churned, zones: [2][]string{{"b1", "b2"}, {"b3", "b4"}}},
		{title: changes.PlaneGone, zones: [2][]string{{"b1", "b2"}, {"b3", "b4"}}},
		{title: changes.Removed, zones: [2][]string{{"b2"}, {"b3", "b4"}}},
		{title: changes.Ejected, zones: [2][]string{{"b2"}, {"b3"}}},
		{title: changes.Returned, zones: [2][]string{{"b2"}, {"b3", "b4"}}},
	}
	if len(report.Steps) != len(want) {
		t.Fatalf("%d steps, want %d", len(report.Steps), len(want))
	}
	for i, w := range want {
		step := report.Steps[i]
		if step.Title != w.title || step.Instances != 2 {
			t.Errorf("step %d is %q with %d instances of the policy, want %q and 2, one per locality", i, step.Title, step.Instances, w.title)
		}
		var rest float64 = 1
		for _, zone := range w.zones {
			var share float64
			for _, name := range zone {
				share += step.Share(name)
			}
			rest -= share
			if share < 0.3 || share > 0.7 {
				t.Errorf("%s: locality of %v has %.2f of the picks, want about half", w.title, zone, share)
			}
			for _, name := range zone {
				if part := step.Share(name) / share * float64(len(zone)); part < 0.8 || part > 1.2 {
					t.Errorf("%s: %s has %.2f of an even share in its locality", w.title, name, part)
				}
			}
		}
		if rest > 1e-9 {
			t.Errorf("%s: %.3f of the picks went to backends that should get none", w.title, rest)
		}
	}
}

// wantAttempts checks that the client connects to each backend once, and again only after
// the list of endpoints had left it out.
func wantAttempts(t *testing.T, report changes.Report) {
	t.Helper()
	got, want := make(map[string]int), map[string]int{"b1": 1, "b2": 1, "b3": 1, "b4": 1 + changes.Rounds}
	for _, row := range report.Totals {
		got[row.Name] = row.Connected + row.FailedAttempts
		if row.Disconnections != 0 {
			t.Errorf("%d connections to %s were lost, want none", row.Disconnections, row.Name)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("connections made: %v, want %v", got, want)
	}
	ejected := report.Steps[slices.IndexFunc(report.Steps, func(s changes.Step) bool { return s.Title == changes.Ejected })]
	for _, row := range ejected.Rows {
		if row.Name == "b4" && (row.Ready != 1 || !row.Listed || row.Picks != 0) {
			t.Errorf("ejected b4: listed %t, READY %d, picks %d; want listed, 1 READY and no picks", row.Listed, row.Ready, row.Picks)
		}
	}
}

func TestInterruptedRunStopsAllOfIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out := exampletest.OnText(changes.Added, cancel)
	if _, err := changes.Run(ctx, newName(), out); err == nil || ctx.Err() == nil {
		t.Errorf("Run: %v, want the interruption", err)
	}
}
