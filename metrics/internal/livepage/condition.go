package livepage

import (
	"time"

	"google.golang.org/grpc/connectivity"
)

// condition is what matters most about a backend. The worst comes first.
type condition uint8

const (
	down       condition = iota // no connection, after a loss or a failed attempt
	unusable                    // READY, but without picks because of its health
	unreached                   // connecting for the first time
	erring                      // its error rate is high
	slow                        // it takes much longer than its peers
	starved                     // usable, but gets far fewer picks than its peers
	crowded                     // gets far more picks than its peers
	well                        // none of these
	idle                        // not connected, as nothing asks for it
	gone                        // without a subchannel
	conditions = int(gone) + 1
)

var conditionNames = [conditions]string{
	"down", "unusable", "connecting", "erring", "slow", "starved", "crowded", "ok", "idle", "gone",
}

// String returns the name of the condition in JSON and on the page.
func (c condition) String() string { return conditionNames[c] }

// Thresholds beyond which the page says that something is wrong with a backend. Chance
// does not bring a healthy backend near them.
const (
	minFailed   = 3    // RPC attempts that failed; fewer say nothing
	highFailing = 0.05 // error rate
	slowFactor  = 3    // times the median latency of the target's backends
	minSlower   = 5 * time.Millisecond
	minInFlight = 5   // RPC attempts in flight on average, for an estimated latency to say something
	minExpected = 20  // picks that an equal share of the window would be
	fewPicks    = 0.1 // times the mean of the usable backends
	manyPicks   = 2   // times the mean of the usable backends
)

// judged is the condition of a backend, and how bad it is among backends in the
// same condition: higher is worse.
type judged struct {
	condition condition
	score     float32
}

// judge returns the condition of a backend among its peers.
func (p *peers) judge(b *Backend, now time.Time) judged {
	switch {
	case b.Subchannels == 0:
		return judged{condition: gone}
	case b.isDown():
		return judged{condition: down}
	case b.Ready > 0 && b.usable() == 0:
		return judged{condition: unusable}
	case b.Ready == 0 && b.State == connectivity.Idle:
		return judged{condition: idle}
	case b.Ready == 0:
		return judged{condition: unreached}
	}
	w := b.settled()
	if w.failsOften() {
		return judged{erring, float32(w.failing())}
	}
	if p.slower(w) {
		return judged{slow, float32(w.Latency.Mean)}
	}
	return p.judgeShare(b, now)
}

// isDown reports whether the backend is not READY because a connection was lost or an
// attempt failed. If it lost its connection and nobody has asked for another, it is
// idle, not down.
func (b *Backend) isDown() bool {
	if b.Subchannels == 0 || b.Ready > 0 {
		return false
	}
	if b.State == connectivity.Idle {
		return b.FailedAttempts > 0
	}
	return b.State == connectivity.TransientFailure || !b.DownSince.IsZero()
}

// downSince returns when a backend that is down went down.
func (b *Backend) downSince() time.Time {
	if b.DownSince.IsZero() {
		return b.Since
	}
	return b.DownSince
}

// unusableSince returns when a READY backend ceased to get picks, as far as known.
func (b *Backend) unusableSince() time.Time {
	if at := b.verdict().At; !at.IsZero() {
		return at
	}
	return b.Since
}

// since returns when the backend entered the state that the page shows.
func (b *Backend) since() time.Time {
	switch {
	case b.isDown():
		return b.downSince()
	case b.Ready > 0 && !b.UpSince.IsZero():
		return b.UpSince
	}
	return b.Since
}
