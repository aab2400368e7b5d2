package base2

import (
	"sync"
	"time"
)

// timer calls a function after a delay. Once it has been stopped or started
// again, the earlier call does not come, even if its time.Timer has fired. The
// mutex given to start guards the timer. The zero timer is ready to use.
//
// The timer of pickfirst2 differs in one respect: it calls the function with the
// mutex held.
type timer struct {
	running *time.Timer // nil if no call is due
}

func (t *timer) isRunning() bool { return t.running != nil }

// start calls f after d, without mu.
func (t *timer) start(d time.Duration, mu *sync.Mutex, f func()) {
	t.stop()
	var started *time.Timer
	started = time.AfterFunc(d, func() {
		mu.Lock()
		due := t.running == started // else it was stopped after it had fired
		if due {
			t.running = nil
		}
		mu.Unlock()
		if due {
			f()
		}
	})
	t.running = started
}

func (t *timer) stop() {
	if t.running != nil {
		t.running.Stop()
		t.running = nil
	}
}
