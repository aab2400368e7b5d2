package diagnosis_test

import (
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus/statustest"
)

// On either side of each threshold.
func TestABackendIsInTroubleFromAThresholdOn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		what     string
		backends []livestatus.Backend // the second is judged
		want     diagnosis.Condition
	}{
		{"3 failed", with(even(3), 1, ended(10, 3)), diagnosis.Erring},
		{"2 failed", with(even(3), 1, ended(10, 2)), diagnosis.Well},
		{"5 % failed", with(even(3), 1, ended(1000, 50)), diagnosis.Erring},
		{"4.9 % failed", with(even(3), 1, ended(1000, 49)), diagnosis.Well},
		{"10 of the last seconds", with(even(3), 1, lately(10, 10)), diagnosis.Erring},
		{"9 of the last seconds", with(even(3), 1, lately(9, 9)), diagnosis.Well},

		{"3 times the median", with(even(3), 1, takes(36*time.Millisecond)), diagnosis.Slow},
		{"a little less", with(even(3), 1, takes(35*time.Millisecond)), diagnosis.Well},
		{"5 ms more", with(fast(3), 1, takes(6*time.Millisecond)), diagnosis.Slow},
		{"4.9 ms more", with(fast(3), 1, takes(5900*time.Microsecond)), diagnosis.Well},
		{"10 measured", with(even(3), 1, takes(time.Second), measured(10)), diagnosis.Slow},
		{"9 measured", with(even(3), 1, takes(time.Second), measured(9)), diagnosis.Well},
		{"14 seen in flight, of the others none", estimated(0, 14, 0), diagnosis.Slow},
		{"13 seen", estimated(0, 13, 0), diagnosis.Well},
		{"one of two, 21 seen", estimated(0, 21), diagnosis.Slow},
		{"one of two, 20 seen", estimated(0, 20), diagnosis.Well},
		{"17 seen, and one of another", estimated(1, 17, 0), diagnosis.Slow},
		{"16 seen, and one of another", estimated(1, 16, 0), diagnosis.Well},
		{"it is alone", estimated(100)[:1:1], diagnosis.Well},
		{"a minute told, but now it is fast", with(estimated(0, 14, 0), 1, now(0)), diagnosis.Well},
		{"a minute told, now there are few", with(estimated(0, 14, 0), 1, now(5)), diagnosis.Slow},
		{"the last seconds tell, the minute does not", with(estimated(0, 14, 0), 1, beforeThat(13)), diagnosis.Slow},
		{"neither tells", with(estimated(0, 13, 0), 1, beforeThat(13)), diagnosis.Well},
		{"another is much slower", estimated(0, 30, 0, 1000, 0), diagnosis.Slow},
		{"it was faster before that", with(with(with(estimated(500, 50, 500), 0, now(1)), 1, now(13)), 2, now(1)), diagnosis.Well},
		{"one of two, beside an unusable one", with(estimated(0, 20, 0), 2, unhealthyNow), diagnosis.Well},
		{"all may be streams", with(estimated(0, 100, 0), 1, streams), diagnosis.Well},

		{"a tenth", picked(8700, 600, 8700), diagnosis.Well},
		{"less than a tenth", picked(8700, 599, 8701), diagnosis.Starved},
		{"twice the mean", picked(50, 200, 50), diagnosis.Well},
		{"more than twice", picked(49, 202, 49), diagnosis.Crowded},
		{"20 picks expected", picked(30, 0, 30), diagnosis.Starved},
		{"19 picks expected", picked(29, 0, 29), diagnosis.Well},
		{"alone", picked(1000)[:1:1], diagnosis.Well},
		{"up for nearly a minute", with(even(3), 1, cameUp(54*time.Second), getsNow(50, 0)), diagnosis.Starved},
		{"up for less", with(even(3), 1, cameUp(53*time.Second), getsNow(50, 0)), diagnosis.Well},
		{"up for nearly 10 seconds", with(even(3), 1, cameUp(9*time.Second), getsNow(0, 50)), diagnosis.Starved},
		{"just up", with(even(3), 1, cameUp(8*time.Second), getsNow(0, 50)), diagnosis.Well},
	}
	for _, tt := range tests {
		judged := diagnose(open(tt.backends...)).Judged
		if got := judged[min(1, len(judged)-1)].Condition; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.what, got, tt.want)
		}
	}
}

// ended sets how many RPC attempts ended in both windows.
func ended(ended, failed uint64) statustest.Change {
	return func(b *livestatus.Backend) {
		b.Recent.Short.Ended, b.Recent.Short.Failed = ended, failed
		b.Recent.Long.Ended, b.Recent.Long.Failed = ended, failed
	}
}

// lately sets how many RPC attempts ended in the short window.
func lately(ended, failed uint64) statustest.Change {
	return func(b *livestatus.Backend) { b.Recent.Short.Ended, b.Recent.Short.Failed = ended, failed }
}

func measured(n uint64) statustest.Change {
	return func(b *livestatus.Backend) { b.Recent.Short.Latency.Count = n }
}

// fast returns n backends whose mean latency is a millisecond.
func fast(n int) []livestatus.Backend {
	backends := even(n)
	for i := range backends {
		with(backends, i, takes(time.Millisecond))
	}
	return backends
}

// picked returns backends with as many picks in the last minute.
func picked(picks ...uint64) []livestatus.Backend {
	backends := even(len(picks))
	for i, n := range picks {
		w := livestatus.Window{Span: time.Minute, Picks: n, Ended: n}
		backends[i].Recent = livestatus.Recent{Short: w, Long: w}
	}
	return backends
}

// now sets how many attempts were seen in flight in the short window.
func now(seen uint32) statustest.Change {
	return func(b *livestatus.Backend) { b.Recent.Short = estimated(seen)[0].Recent.Short }
}

// beforeThat sets how many attempts were seen in flight in the long window.
func beforeThat(seen uint32) statustest.Change {
	return func(b *livestatus.Backend) { b.Recent.Long = estimated(seen)[0].Recent.Long }
}

// unhealthyNow makes the backend unusable, just after it got RPCs.
func unhealthyNow(b *livestatus.Backend) {
	recent := b.Recent
	isUnusable("unhealthy")(b)
	b.Recent = recent
}

func streams(b *livestatus.Backend) {
	b.Recent.Short.Latency.Telling, b.Recent.Long.Latency.Telling = 0, 0
}
