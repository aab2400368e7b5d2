package window_test

import (
	"testing"
	"time"
)

// What was in flight at looks tells how long attempts take, unless it may be a stream. The
// look that a window ends with counts once, though it takes a sample as well.
func TestWhichSightingsTell(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		inFlight      []uint32 // at looks
		ended         uint32   // between two looks
		seen, telling uint32
	}{
		{[]uint32{0, 0, 0, 0, 0, 0}, 40, 0, 0},
		{[]uint32{1, 1, 1, 1, 1, 1}, 40, 6, 0},
		{[]uint32{0, 1, 1, 1, 1, 1}, 40, 5, 0},
		{[]uint32{3, 3, 3, 3, 3, 3}, 40, 18, 0},
		{[]uint32{0, 3, 1, 0, 0, 1}, 40, 5, 5},
		{[]uint32{0, 2, 1, 0, 0, 1}, 40, 4, 0},
		{[]uint32{1, 4, 1, 1, 3, 2}, 40, 12, 6},
		{[]uint32{1, 4, 1, 1, 3, 3}, 40, 13, 13},
		{[]uint32{4, 4, 4, 4, 4, 4}, 40, 24, 24},
		{[]uint32{4, 4, 4, 4, 4, 4}, 2, 24, 14},
	} {
		tg := newTarget(0)
		tg.now += time.Hour
		b := tg.add(0)
		b.Born = 0
		for _, n := range tt.inFlight {
			tg.now += 2 * time.Second
			b.now.Ended += tt.ended
			b.now.Picks = b.now.Ended + n
			tg.sample()
		}
		tg.now += time.Microsecond
		each, total := tg.look()
		got := each[0].Short.Latency
		if got.Looks != 6 || got.Seen != tt.seen || got.Telling != tt.telling {
			t.Errorf("%v in flight: %+v, want %d seen in 6 looks, and %d that tell", tt.inFlight, got, tt.seen, tt.telling)
		}
		if all := total.Short.Latency; all.Looks != 6 || all.Seen != tt.seen || all.Mean != got.Mean {
			t.Errorf("%v in flight: the target has %+v, want what its only backend has", tt.inFlight, all)
		}
	}
}
