package record

import (
	"sync/atomic"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
)

// uptime holds the time since which a backend has been up or down. A backend comes up
// when its first subchannel becomes READY. It goes down when its last READY subchannel
// is lost, or when a connection attempt fails while none is READY. Further failed
// attempts do not change the time. While it connects for the first time, the backend
// is neither up nor down.
//
//	state   | first READY | READY lost, | attempt failed, | first SubConn
//	        |             | none left   | none READY      | after a while
//	neither | up          | –           | down            | neither
//	up      | up, anew    | down        | down            | neither
//	down    | up          | –           | unchanged       | neither
//
// If the policy shuts down the last READY subchannel, the state does not change. A
// backend is therefore up only if it also has a READY subchannel, which readers check.
//
// The state is one word: 0 for neither, and otherwise the instant plus one, negative
// for down. If several policy instances change it at once, one of their instants stays;
// they are nearly the same.
type uptime struct{ word atomic.Int64 }

func (u *uptime) up(now clock.Instant)   { u.word.Store(int64(now) + 1) }
func (u *uptime) down(now clock.Instant) { u.word.Store(-int64(now) - 1) }
func (u *uptime) reset()                 { u.word.Store(0) }

func (u *uptime) isDown() bool { return u.word.Load() < 0 }

// since returns the time since which the backend has been up or down.
func (u *uptime) since() (at clock.Instant, up, down bool) {
	w := u.word.Load()
	switch {
	case w > 0:
		return clock.Instant(w - 1), true, false
	case w < 0:
		return clock.Instant(-w - 1), false, true
	}
	return 0, false, false
}

// CameUp counts a SubConn that is READY now.
func (b *Backend) CameUp(now clock.Instant) {
	if b.ready.Add(1) == 1 {
		b.uptime.up(now)
	}
}

// LeaveReady stops counting a SubConn as READY, and reports whether it was the last of the
// backend. A scrape reads the unusable before the READY ones, so one that is unusable must
// become Usable first.
func (b *Backend) LeaveReady() (last bool) { return b.ready.Add(-1) == 0 }

// WentDown is called when the backend has lost its last READY SubConn.
func (b *Backend) WentDown(now clock.Instant) {
	b.rare().failedBefore.Store(b.connectFailed.Load())
	b.uptime.down(now)
}

// couldNotConnect counts a connection attempt that failed.
func (b *Backend) couldNotConnect(now clock.Instant) {
	before := b.connectFailed.Add(1) - 1
	if b.ready.Load() == 0 && !b.uptime.isDown() {
		b.rare().failedBefore.Store(before)
		b.uptime.down(now)
	}
}
