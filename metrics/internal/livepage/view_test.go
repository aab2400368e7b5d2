package livepage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
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
		backends []livepage.Backend
		want     string
	}{
		{[]livepage.Backend{backend("a", ready, ok(2)...), backend("b", ready, ok(2)...)}, "1.00"},
		{[]livepage.Backend{backend("a", ready, ok(3)...), backend("b", ready, ok(1)...)}, "1.50"},
		{[]livepage.Backend{backend("a", ready, ok(2)...), backend("b", ready, ok(2)...), gone(backend("old", ready, ok(9)...))}, "1.00"},
		{[]livepage.Backend{backend("a", idle), gone(backend("old", ready, ok(9)...))}, "–"},
		{[]livepage.Backend{backend("a", idle)}, "–"},
	}
	for _, tt := range tests {
		b := &board{}
		b.list("test:///t", "p", tt.backends...)
		row := pagetest.Rows(t, pagetest.HTML(t, b.page(), ""), "overview")[0]
		if got := row[len(row)-1]; got != tt.want {
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
	if n := len(pagetest.Rows(t, page, "overview")); n != 100 {
		t.Errorf("%d targets are listed, want 100", n)
	}
	if n := len(pagetest.JSON(t, b.page(), "").Targets); n != 130 {
		t.Errorf("JSON has %d targets, want 130", n)
	}
	if got := pagetest.Rows(t, pagetest.HTML(t, b.page(), "target=test:///129"), "overview"); len(got) != 1 || got[0][0] != "test:///129" {
		t.Errorf("a target that is not listed is shown as %q", got)
	}
}

// An equal share is half a bar, or a full bar if there is only one backend.
func TestPageDrawsShares(t *testing.T) {
	t.Parallel()
	tests := []struct {
		backends []livepage.Backend
		widths   []string
	}{
		{[]livepage.Backend{backend("a", ready, ok(3)...)}, []string{"100.0"}},
		{[]livepage.Backend{backend("a", ready, ok(3)...), backend("b", ready, ok(1)...)}, []string{"75.0", "25.0"}},
		{[]livepage.Backend{backend("a", ready, ok(2)...), backend("b", ready, ok(2)...), backend("c", ready, ok(2)...)}, []string{"50.0", "50.0", "50.0"}},
		{[]livepage.Backend{backend("a", ready, ok(9)...), backend("b", idle), backend("c", idle)}, []string{"100.0", "0.0", "0.0"}},
		{[]livepage.Backend{backend("a", idle), backend("b", idle)}, []string{"0.0", "0.0"}},
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
