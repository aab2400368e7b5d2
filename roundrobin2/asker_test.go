package roundrobin2

import (
	"testing"
	"testing/synctest"
	"time"
)

// A timer that has fired runs in a goroutine of its own, which may come late.
func TestAnAskerThatIsStoppedWhileItFiresDoesNotAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		a := startAsker(time.Second, func() { asked++ })
		a.stop()
		a.fire()
		time.Sleep(time.Hour)
		synctest.Wait()
		if asked != 0 {
			t.Errorf("asked %d times, want never", asked)
		}
	})
}

// A timer that runs on would keep a closed policy in memory for up to two intervals.
func TestAnAskerThatIsStoppedLeavesNoTimer(t *testing.T) {
	t.Parallel()
	a := startAsker(24*time.Hour, func() {})
	timer := a.timer
	a.stop()
	if timer.Stop() {
		t.Error("the timer runs on")
	}
}
