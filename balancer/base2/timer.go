package base2

import (
	"sync"
	"time"
)

// timer calls a function when some time has passed, and never when it was
// stopped before. The mutex that is given to start guards it. The zero timer is
// ready to use.
type timer struct {
	running *time.Timer // nil if nothing is waited for
}

func (t *timer) runs() bool { return t.running != nil }

// start calls over after d, without the mutex.
func (t *timer) start(d time.Duration, mu *sync.Mutex, over func()) {
	t.stop()
	var own *time.Timer
	own = time.AfterFunc(d, func() {
		mu.Lock()
		stopped := t.running != own // when it had fired already
		if !stopped {
			t.running = nil
		}
		mu.Unlock()
		if !stopped {
			over()
		}
	})
	t.running = own
}

func (t *timer) stop() {
	if t.running != nil {
		t.running.Stop()
		t.running = nil
	}
}
