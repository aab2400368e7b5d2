package pickfirst2

import (
	"sync"
	"time"
)

// timer calls a function after a delay. Once it has been stopped or started
// again, the earlier call does not come, even if its time.Timer has fired. The
// mutex given to start guards the timer. The zero timer is ready to use.
//
// The timer of base2 differs in one respect: it calls the function without the
// mutex.
type timer struct {
	running *time.Timer // nil if no call is due
}

// start calls f after d, with mu held.
func (t *timer) start(d time.Duration, mu *sync.Mutex, f func()) {
	t.stop()
	var started *time.Timer
	started = time.AfterFunc(d, func() {
		mu.Lock()
		defer mu.Unlock()
		if t.running != started { // stopped after it had fired
			return
		}
		t.running = nil
		f()
	})
	t.running = started
}

func (t *timer) stop() {
	if t.running != nil {
		t.running.Stop()
		t.running = nil
	}
}
