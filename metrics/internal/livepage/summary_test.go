package livepage_test

import (
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
