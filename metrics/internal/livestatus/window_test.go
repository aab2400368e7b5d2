package livestatus_test

import (
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

func TestRatesOfAWindow(t *testing.T) {
	t.Parallel()
	w := livestatus.Window{Span: 10 * time.Second, Picks: 120, Repicks: 20, Ended: 80, Failed: 20}
	for what, got := range map[string][2]float64{
		"rate of attempts": {w.Rate(), 10}, "errors": {w.ErrorsPerSecond(), 2}, "error rate": {w.Failing(), 0.25},
		"more repicks than picks": {livestatus.Window{Span: time.Second, Picks: 1, Repicks: 2}.Rate(), 0},
		"an unknown rate":         {livestatus.Window{Picks: 5}.Rate(), 0},
		"an unknown error rate":   {livestatus.Window{Span: time.Second}.Failing(), 0},
	} {
		if got[0] != got[1] {
			t.Errorf("%s is %v, want %v", what, got[0], got[1])
		}
	}
}

// Error rates and latencies are those of the last minute if few RPCs ended lately, but
// not if the backend was usable then and is not now.
func TestTheWindowToJudgeBy(t *testing.T) {
	t.Parallel()
	recent := func(ended uint64, long time.Duration) livestatus.Recent {
		return livestatus.Recent{Short: livestatus.Window{Span: 10 * time.Second, Ended: ended}, Long: livestatus.Window{Span: long}}
	}
	for what, tt := range map[string]struct {
		backend livestatus.Backend
		short   bool
	}{
		"enough ended":         {livestatus.Backend{Ready: 1, Recent: recent(10, time.Minute)}, true},
		"few ended":            {livestatus.Backend{Ready: 1, Recent: recent(9, time.Minute)}, false},
		"no other is known":    {livestatus.Backend{Ready: 1, Recent: recent(9, 0)}, true},
		"it is not usable now": {livestatus.Backend{Recent: recent(9, time.Minute)}, true},
	} {
		if got := tt.backend.Settled() == &tt.backend.Recent.Short; got != tt.short {
			t.Errorf("%s: the short window is %v, want %v", what, got, tt.short)
		}
	}
}
