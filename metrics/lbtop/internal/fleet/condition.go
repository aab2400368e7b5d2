package fleet

import (
	"slices"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
)

// Condition is what matters most about a backend for one client, as its page judges
// it. The worst comes first.
type Condition int

// The conditions of the page.
const (
	Down       Condition = iota // no connection, after a loss or a failed attempt
	Unusable                    // READY, but without picks because of its health
	Connecting                  // for the first time
	Erring                      // its error rate is high
	Slow                        // it takes much longer than its peers
	Starved                     // usable, but gets far fewer picks than its peers
	Crowded                     // gets far more picks than its peers
	OK                          // none of these
	Idle                        // not connected, as nothing asks for it
	Gone                        // without a subchannel
	conditions
)

var conditionNames = [conditions]string{
	"down", "unusable", "connecting", "erring", "slow", "starved", "crowded", "ok", "idle", "gone",
}

// String returns the name that the page has for it.
func (c Condition) String() string { return conditionNames[c] }

// conditionOf returns the condition of the backend. A page may have more of them
// than are known here.
func conditionOf(b *fetch.Backend) Condition {
	i := slices.Index(conditionNames[:], b.Condition)
	switch {
	case i >= 0:
		return Condition(i)
	case b.Subchannels == 0:
		return Gone
	case b.Usable > 0:
		return OK
	}
	return Idle
}
