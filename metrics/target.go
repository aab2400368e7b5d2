package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/connectivity"
)

// numStates counts the states that a SubConn can be counted in: IDLE,
// CONNECTING, READY, TRANSIENT_FAILURE. connectivity numbers them from 0.
const numStates = int(connectivity.TransientFailure) + 1

// targetKey holds label values.
type targetKey struct{ target, policy string }

// target is the record of one dial target under one policy: what its series
// say. Its backends' records hang on it.
type target struct {
	subchannels [numStates]atomic.Int64

	delayed        atomic.Uint64
	failed         atomic.Uint64
	pickerUpdates  atomic.Uint64
	accepted       atomic.Uint64
	rejected       atomic.Uint64
	resolverErrors atomic.Uint64

	key             targetKey
	target, policy  *dto.LabelPair
	connectDuration prometheus.Histogram
	created         time.Time

	// Guarded by Metrics.mu.
	channels  int // instances of the policy
	idleSince time.Time
	backends  table[string, *backend] // by address
}

// expiredLocked tells whether the target's retention has passed. Metrics.mu is
// held. The series of its backends go first.
func (t *target) expiredLocked(now time.Time, retention time.Duration) bool {
	return t.channels == 0 && t.backends.len() == 0 && now.Sub(t.idleSince) >= retention
}
