package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
)

func TestAMomentTellsWhenAnInstantWas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		c := clock.New()
		time.Sleep(time.Minute)
		at := c.Now()
		if at != clock.Instant(time.Minute) {
			t.Errorf("a minute after the start it is %v", time.Duration(at))
		}
		time.Sleep(time.Second)
		set := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // the wall clock was set
		m := clock.Moment{Wall: set, Now: c.Now()}
		if got := m.TimeOf(at); !got.Equal(set.Add(-time.Second)) {
			t.Errorf("a second before %v was %v", set, got)
		}
		if got := m.TimeOf(m.Now + 1); !got.Equal(set) {
			t.Errorf("what comes after the moment is at %v, want %v", got, set)
		}
	})
}
