package livestatus_test

import (
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// If no attempt was in flight at any look, fewer than three are to be expected: the mean
// is below that, over the rate and the looks.
func TestBelowWhatTheMeanLatencyIs(t *testing.T) {
	t.Parallel()
	unseen := livestatus.Latency{Estimated: true, Looks: 6}
	for what, tt := range map[string]struct {
		ended   uint64
		latency livestatus.Latency
		want    time.Duration
	}{
		"none was seen": {1000, unseen, 5 * time.Millisecond},
		"none ended":    {0, unseen, 0},
		"one was seen":  {1000, livestatus.Latency{Estimated: true, Looks: 6, Seen: 1, Mean: time.Millisecond}, 0},
		"measured":      {1000, livestatus.Latency{Count: 1000, Mean: time.Millisecond}, 0},
		"nothing":       {1000, livestatus.Latency{}, 0},
	} {
		w := livestatus.Window{Span: 10 * time.Second, Ended: tt.ended, Latency: tt.latency}
		if got := w.Below(); got != tt.want {
			t.Errorf("%s: %v, want %v", what, got, tt.want)
		}
	}
}
