package livepage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Package diagnosis has a test for each sentence.
func TestThePageAndJSONSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status         livestatus.Status
		severity, want string
	}{
		{open(even(3)...), "ok", "all 3 usable, even, no errors"},
		{open(with(with(even(200), 1, downFor(4*time.Minute)), 6, fails(7))...), "warn", "1 of 200 backends down for 4 min (10.0.0.2); 14 % errors from 10.0.0.7"},
		{open(with(with(even(2), 0, isUnusable("unhealthy")), 1, isUnusable("unhealthy"))...), "bad", "both backends unhealthy for 1 min"},
		{livestatus.Status{}, "idle", "closed: no channel uses it now"},
		{open(append(even(1), refused("a\u202e<b>", nil))...), "warn", `1 of 2 backends down for 1 h (a\u202e<b>)`},
	}
	for _, tt := range tests {
		b := &board{}
		b.add("test:///t", "p", tt.status)
		if got := pagetest.Targets(t, pagetest.HTML(t, b.page(), ""))[0]; got["summary"] != tt.want || got["severity"] != tt.severity {
			t.Errorf("the page says %s %q, want %s %q", got["severity"], got["summary"], tt.severity, tt.want)
		}
		if got := pagetest.JSON(t, b.page(), "").Targets[0]; got.Summary != tt.want || got.Severity != tt.severity {
			t.Errorf("JSON says %s %q, want %s %q", got.Severity, got.Summary, tt.severity, tt.want)
		}
	}
}

// A target that is well shows its events after a click.
func TestATargetInTroubleShowsItsEventsBesideOthers(t *testing.T) {
	t.Parallel()
	b := &board{}
	for name, backends := range map[string][]livestatus.Backend{"bad": with(even(1), 0, downFor(time.Hour)), "warn": with(even(9), 0, downFor(time.Hour)), "ok": even(9)} {
		st := open(backends...)
		st.Events = events(during)
		b.add(name, "p", st)
	}
	for _, target := range pagetest.Targets(t, pagetest.HTML(t, b.page(), "")) {
		if target["target"] != target["severity"] {
			t.Errorf("the target that is meant to be %s is %s", target["target"], target["severity"])
		}
		if got, want := strings.Count(target["changes"], " ago "), map[string]int{"bad": 2, "warn": 2, "ok": 0}[target["severity"]]; got != want {
			t.Errorf("a target that is %s shows %d events, want %d", target["severity"], got, want)
		}
	}
}
