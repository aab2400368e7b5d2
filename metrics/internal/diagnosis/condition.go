package diagnosis

import (
	"cmp"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Condition is what matters most about a backend. The worst comes first.
type Condition uint8

// The conditions of a backend.
const (
	Down       Condition = iota // no connection, after a loss or a failed attempt
	Unusable                    // READY, but without picks because of its health
	Unreached                   // connecting for the first time
	Erring                      // its error rate is high
	Slow                        // it takes much longer than its peers
	Starved                     // usable, but gets far fewer picks than its peers
	Crowded                     // gets far more picks than its peers
	Well                        // none of these
	Idle                        // not connected, as nothing asks for it
	Gone                        // without a subchannel
	conditions = int(Gone) + 1
)

var conditionNames = [conditions]string{
	"down", "unusable", "connecting", "erring", "slow", "starved", "crowded", "ok", "idle", "gone",
}

// String returns the name of the condition in JSON and on the page.
func (c Condition) String() string { return conditionNames[c] }

// Thresholds beyond which the page says that something is wrong with a backend. Chance
// does not bring a healthy backend near them.
const (
	minFailed   = 3    // RPC attempts that failed; fewer say nothing
	highFailing = 0.05 // error rate
	slowFactor  = 3    // times the median latency of the target's backends
	minSlower   = 5 * time.Millisecond
	falseAlarms = 1e-6 // how likely chance makes one of the target's backends seem slow by its estimate
	minExpected = 20   // picks that an equal share of the window would be
	fewPicks    = 0.1  // times the mean of the usable backends
	manyPicks   = 2    // times the mean of the usable backends
)

// Judged is the condition of a backend, and how bad it is among backends in the
// same condition: higher is worse.
type Judged struct {
	Condition Condition
	score     float32
}

// Compare orders backends by their condition, the worst first.
func (j Judged) Compare(other Judged) int {
	return cmp.Or(cmp.Compare(j.Condition, other.Condition), cmp.Compare(other.score, j.score))
}

// judge returns the condition of a backend among its peers.
func (p *peers) judge(b *livestatus.Backend, now time.Time) Judged {
	switch {
	case b.Subchannels == 0:
		return Judged{Condition: Gone}
	case b.Down():
		return Judged{Condition: Down}
	case b.Ready > 0 && b.Usable() == 0:
		return Judged{Condition: Unusable}
	case b.Ready == 0 && b.State == connectivity.Idle:
		return Judged{Condition: Idle}
	case b.Ready == 0:
		return Judged{Condition: Unreached}
	}
	w := b.Settled()
	if FailsOften(w) {
		return Judged{Erring, float32(w.Failing())}
	}
	if p.slower(b) {
		return Judged{Slow, float32(w.Latency.Mean)}
	}
	return p.judgeShare(b, now)
}

// Wrong reports whether something is wrong with the backend.
func (c Condition) Wrong() bool { return c < Well }

// FailsOften reports whether the error rate is high, and not by chance.
func FailsOften(w *livestatus.Window) bool {
	return w.Failed >= minFailed && w.Failing() >= highFailing
}

// unusableSince returns when a READY backend ceased to get picks, as far as known.
func unusableSince(b *livestatus.Backend) time.Time {
	if at := b.CurrentVerdict().At; !at.IsZero() {
		return at
	}
	return b.Since
}
