package metrics

import "sync/atomic"

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

func (u *uptime) up(now instant)   { u.word.Store(int64(now) + 1) }
func (u *uptime) down(now instant) { u.word.Store(-int64(now) - 1) }
func (u *uptime) reset()           { u.word.Store(0) }

func (u *uptime) isDown() bool { return u.word.Load() < 0 }

// since returns the time since which the backend has been up or down.
func (u *uptime) since() (at instant, up, down bool) {
	w := u.word.Load()
	switch {
	case w > 0:
		return instant(w - 1), true, false
	case w < 0:
		return instant(-w - 1), false, true
	}
	return 0, false, false
}

// cameUp counts a SubConn that is READY now.
func (b *backendRecord) cameUp(now instant) {
	if b.ready.Add(1) == 1 {
		b.uptime.up(now)
	}
}

// wentDown is called when the backend has lost its last READY SubConn.
func (b *backendRecord) wentDown(now instant) {
	b.rare().failedBefore.Store(b.connectFailed.Load())
	b.uptime.down(now)
}

// couldNotConnect counts a connection attempt that failed.
func (b *backendRecord) couldNotConnect(now instant) {
	before := b.connectFailed.Add(1) - 1
	if b.ready.Load() == 0 && !b.uptime.isDown() {
		b.rare().failedBefore.Store(before)
		b.uptime.down(now)
	}
}
