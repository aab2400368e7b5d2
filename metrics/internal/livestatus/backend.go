package livestatus

import (
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// Backend is the state of one backend of a target.
type Backend struct {
	Name           string
	Subchannels    int
	State          connectivity.State // the best state of its subchannels; meaningless without subchannels
	Since          time.Time          // when the first of its subchannels in State entered it
	Picks          uint64
	Repicks        uint64
	InFlight       int64
	RPCs           [grpcstatus.Count]uint64 // RPC attempts that ended, by status code
	Connected      uint64                   // connection attempts that succeeded
	ConnectFailed  uint64                   // connection attempts that failed
	Disconnections uint64
	Early          uint64    // disconnections within a second of connecting
	LastError      error     // of the last failed connection attempt; nil if gRPC gave no reason
	LastErrorAt    time.Time // zero if no connection attempt has failed

	Recent Recent

	// A backend is down if it has subchannels, none of them is READY, and one has lost
	// its connection or failed to make one. It is not down while it connects for the
	// first time.
	DownSince      time.Time // when it lost its last READY subchannel, or when its first connection attempt failed; zero if it is not down
	FailedAttempts uint64    // to connect, since DownSince; 0 if it is not down
	UpSince        time.Time // when the first of its subchannels became READY; zero if none is READY

	LastRPCError RPCError // kept only if asked for

	Ready    int            // subchannels that are READY
	Unusable map[string]int // how many of these get no picks, by reason
	Verdict  Verdict        // the last one
}

// RPCError is how an RPC attempt failed. Its text comes from the server and may
// hold data of users.
type RPCError struct {
	Code codes.Code
	Text string    // at most some hundred bytes
	At   time.Time // zero if no attempt has failed
}

// Verdict is what made a subchannel unusable.
type Verdict struct {
	Reason string
	Err    error     // nil if there was none
	At     time.Time // zero if there has been no verdict
}

// AddSubchannel adds a subchannel to the backend. If it is READY and gets no picks,
// unusable is the reason.
func (b *Backend) AddSubchannel(state connectivity.State, unusable string, since time.Time) {
	b.Subchannels++
	if state == connectivity.Ready {
		b.Ready++
		if unusable != "" {
			if b.Unusable == nil {
				b.Unusable = make(map[string]int)
			}
			b.Unusable[unusable]++
		}
	}
	switch {
	case b.Subchannels == 1 || better(state, b.State):
		b.State, b.Since = state, since
	case state == b.State && since.Before(b.Since):
		b.Since = since
	}
}

// Usable returns how many subchannels get picks.
func (b *Backend) Usable() int {
	n := b.Ready
	for _, unusable := range b.Unusable {
		n -= unusable
	}
	return n
}

// CurrentVerdict returns the last verdict if it tells why a subchannel is not usable now.
// Where gRPC reports health checks as states, that is TRANSIENT_FAILURE.
func (b *Backend) CurrentVerdict() Verdict {
	failing := b.Subchannels > 0 && b.State == connectivity.TransientFailure && b.Verdict.At.After(b.LastErrorAt)
	if failing || b.Usable() < b.Ready {
		return b.Verdict
	}
	return Verdict{}
}

// FailedRPCs returns how many RPC attempts ended with a code other than OK.
func (b *Backend) FailedRPCs() uint64 {
	var n uint64
	for code, ended := range b.RPCs {
		if codes.Code(code) != codes.OK {
			n += ended
		}
	}
	return n
}

// Down reports whether the backend is not READY because a connection was lost or an
// attempt failed. If it lost its connection and nobody has asked for another, it is
// idle, not down.
func (b *Backend) Down() bool {
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

// ShownSince returns when the backend entered the state that the page shows.
func (b *Backend) ShownSince() time.Time {
	switch {
	case b.Down():
		return b.downSince()
	case b.Ready > 0 && !b.UpSince.IsZero():
		return b.UpSince
	}
	return b.Since
}
