package diagnosis_test

import (
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus/statustest"
)

// What chance does to a healthy backend is not worth a word.
func TestChanceIsNotTrouble(t *testing.T) {
	t.Parallel()
	estimated := func(mean time.Duration) statustest.Change {
		return func(b *livestatus.Backend) {
			b.Recent.Short = livestatus.Window{Span: 10 * time.Second, Picks: 10, Ended: 10, Latency: livestatus.Latency{Mean: mean, Estimated: true}}
			b.Recent.Long = b.Recent.Short
		}
	}
	few := func(ended, failed uint64) statustest.Change {
		return func(b *livestatus.Backend) {
			b.Recent.Short = livestatus.Window{Span: 10 * time.Second, Picks: ended, Ended: ended, Failed: failed}
			b.Recent.Long = b.Recent.Short
		}
	}
	tests := map[string][]livestatus.Backend{
		"two RPCs of two failed":             with(even(3), 1, ended(2, 2)),
		"4 % failed":                         with(even(3), 1, fails(2)),
		"no RPC of the first 3 reached it":   with(with(with(even(3), 0, few(2, 0)), 1, few(1, 0)), 2, few(0, 0)),
		"a few more in flight at a low rate": with(with(with(even(3), 0, estimated(time.Millisecond)), 1, estimated(time.Millisecond)), 2, estimated(2*time.Second)),
		"twice as slow":                      with(even(3), 1, takes(24*time.Millisecond)),
		"one RPC of many was slow": with(even(3), 1, func(b *livestatus.Backend) {
			takes(100 * time.Millisecond)(b) // on average, but not at the 95th percentile
			b.Recent.Short.Latency.P95, b.Recent.Long.Latency.P95 = 14*time.Millisecond, 14*time.Millisecond
		}),
		"slower by a hair":            with(with(with(even(3), 0, takes(time.Millisecond)), 1, takes(time.Millisecond)), 2, takes(5*time.Millisecond)),
		"the only one with a latency": with(with(even(3), 1, takes(0)), 2, takes(0)),
	}
	for what, backends := range tests {
		for i, got := range diagnose(open(backends...)).Judged {
			if got.Condition != diagnosis.Well {
				t.Errorf("%s: %s is %s", what, backends[i].Name, got.Condition)
			}
		}
	}
}
