package livepage

import (
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// Snapshot lists the targets at one moment.
type Snapshot struct {
	Time      time.Time     // that moment, by the wall clock
	Retention time.Duration // how long unused targets and backends stay listed
	Targets   []Target      // in any order
}

// Target is a target under one policy.
type Target struct {
	Key
	// Read returns the status of the target. It is called at most once, and only
	// if the answer shows the target.
	Read func() Status
}

// Key identifies a [Target].
type Key struct{ Target, Policy string }

// Status is the state of a target under one policy.
type Status struct {
	Instances    []Instance // in any order
	PicksDelayed uint64
	PicksFailed  uint64
	Waiting      int64  // RPC attempts that wait for a pick now
	Folded       uint64 // subchannels to backends above the limit
	Backends     []Backend
}

// Instance is the state of one policy instance, as the policy reported it. The page
// shows it as the state of a channel.
type Instance struct {
	State connectivity.State
	Since time.Time
}

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
}

// AddSubchannel adds a subchannel to the backend.
func (b *Backend) AddSubchannel(state connectivity.State, since time.Time) {
	b.Subchannels++
	switch {
	case b.Subchannels == 1 || better(state, b.State):
		b.State, b.Since = state, since
	case state == b.State && since.Before(b.Since):
		b.Since = since
	}
}

// ready reports whether a subchannel of the backend is READY.
func (b *Backend) ready() bool { return b.Subchannels > 0 && b.State == connectivity.Ready }

// failedRPCs returns how many RPC attempts ended with a code other than OK.
func (b *Backend) failedRPCs() uint64 {
	var n uint64
	for code, ended := range b.RPCs {
		if codes.Code(code) != codes.OK {
			n += ended
		}
	}
	return n
}

// lastError returns the text of the last connection error.
func (b *Backend) lastError() string {
	if b.LastError == nil {
		return ""
	}
	return b.LastError.Error()
}
