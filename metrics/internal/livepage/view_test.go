package livepage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

func TestPageMarksCodesThatSpeakOfTrouble(t *testing.T) {
	t.Parallel()
	var all []codes.Code
	for code := codes.OK; code <= codes.Unauthenticated; code++ {
		all = append(all, code)
	}
	b := &board{}
	b.list("test:///t", "p", backend("a", ready, all...))
	var marked []string
	page := pagetest.HTML(t, b.page(), "")
	for i, n := range page {
		if n.Tag == "span" && n.Attrs["class"] == "bad" {
			marked = append(marked, strings.Fields(pagetest.TextOf(page[i:]))[0])
		}
	}
	slices.Sort(marked)
	want := []string{"DATA_LOSS", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNKNOWN"}
	if !slices.Equal(marked, want) {
		t.Errorf("marked codes %v, want %v", marked, want)
	}
}

// A backend without subchannels does not count towards the imbalance.
func TestImbalanceIsThatOfBackendsInUse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		backends []livestatus.Backend
		want     string
	}{
		{[]livestatus.Backend{picked("a", ready, 2), picked("b", ready, 2)}, "1.00"},
		{[]livestatus.Backend{picked("a", ready, 3), picked("b", ready, 1)}, "1.50"},
		{[]livestatus.Backend{picked("a", ready, 2), picked("b", ready, 2), gone(picked("old", ready, 9))}, "1.00"},
		{[]livestatus.Backend{picked("a", idle, 1), gone(picked("old", ready, 9))}, "–"},
		{[]livestatus.Backend{backend("a", idle)}, "–"},
	}
	for _, tt := range tests {
		b := &board{}
		b.list("test:///t", "p", tt.backends...)
		if got := pagetest.Targets(t, pagetest.HTML(t, b.page(), ""))[0]["Imbalance"]; got != tt.want {
			t.Errorf("%+v: imbalance %s, want %s", tt.backends, got, tt.want)
		}
	}
}

func TestOverviewOfManyTargets(t *testing.T) {
	t.Parallel()
	b := &board{}
	for i := range 130 {
		b.list(fmt.Sprintf("test:///%03d", i), "p", backend("a", idle))
	}
	page := pagetest.HTML(t, b.page(), "")
	if n := len(pagetest.Targets(t, page)); n != 100 {
		t.Errorf("%d targets are listed, want 100", n)
	}
	if n := len(pagetest.JSON(t, b.page(), "").Targets); n != 130 {
		t.Errorf("JSON has %d targets, want 130", n)
	}
	if got := pagetest.Targets(t, pagetest.HTML(t, b.page(), "target=test:///129")); len(got) != 1 || got[0]["target"] != "test:///129" {
		t.Errorf("a target that is not listed is shown as %q", got)
	}
}

// picked returns a backend with the rate of RPC attempts.
func picked(name string, state connectivity.State, rate uint64) livestatus.Backend {
	b := backend(name, state)
	b.Recent = traffic(rate, 0)
	return b
}

// An equal share is half a bar, or a full bar if only one backend is usable. Those
// that are not usable have no share, and count for none.
func TestPageDrawsShares(t *testing.T) {
	t.Parallel()
	tests := []struct {
		backends []livestatus.Backend
		widths   []string
	}{
		{[]livestatus.Backend{picked("a", ready, 3)}, []string{"100.0"}},
		{[]livestatus.Backend{picked("a", ready, 3), picked("b", ready, 1)}, []string{"75.0", "25.0"}},
		{[]livestatus.Backend{picked("a", ready, 2), picked("b", ready, 2), picked("c", ready, 2)}, []string{"50.0", "50.0", "50.0"}},
		{[]livestatus.Backend{picked("a", ready, 9), picked("b", ready, 0), picked("c", ready, 0), picked("d", failure, 9)}, []string{"0.0", "0.0", "100.0"}},
		{[]livestatus.Backend{picked("a", ready, 9), picked("b", idle, 9)}, []string{"100.0"}},
		{[]livestatus.Backend{picked("a", ready, 3), picked("b", ready, 1), picked("c", idle, 9)}, []string{"75.0", "25.0"}},
		{[]livestatus.Backend{backend("a", ready), backend("b", idle)}, nil},
	}
	for _, tt := range tests {
		b := &board{}
		b.list("test:///t", "p", tt.backends...)
		var widths []string
		for _, n := range pagetest.HTML(t, b.page(), "") {
			if n.Tag == "rect" {
				widths = append(widths, n.Attrs["width"])
			}
		}
		if !slices.Equal(widths, tt.widths) {
			t.Errorf("%d backends: bars of %v, want %v", len(tt.backends), widths, tt.widths)
		}
	}
}
