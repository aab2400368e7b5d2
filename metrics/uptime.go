package metrics

import "sync/atomic"

// uptime is since when a backend is up or down. It is up while a subchannel is
// READY. It goes down when the last READY one is lost, or with the first connection
// attempt that fails while none is READY; what fails then does not count anew. It is
// neither while it connects for the first time.
//
//	state   | READY | READY lost, | attempt failed, | last READY one shut down,
//	        |       | none left   | none READY      | or first SubConn after a while
//	neither | up    | –           | down            | neither
//	up      | up    | down        | down            | neither
//	down    | up    | –           | down, as before | neither
//
// It is one word: 0 for neither, and otherwise the instant plus one, negative for
// down. Several policy instances may change it at once; then the instants differ by
// next to nothing.
type uptime struct{ word atomic.Int64 }

func (u *uptime) up(now instant)   { u.word.Store(int64(now) + 1) }
func (u *uptime) down(now instant) { u.word.Store(-int64(now) - 1) }
func (u *uptime) reset()           { u.word.Store(0) }

func (u *uptime) isDown() bool { return u.word.Load() < 0 }

// since returns since when the backend is up or down.
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
