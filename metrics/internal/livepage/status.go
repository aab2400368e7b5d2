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

	// Release, unless it is nil, is called once the answer is complete. The source
	// then reuses the memory of each [Status] that the answer read.
	Release func()
}

// Target is a target under one policy.
type Target struct {
	Key
	// Sample, unless it is nil, is called before Read for each target that the answer
	// shows. It returns how long to wait before the first Read, so that there is a
	// window to show: 0 if the target was looked at not long ago.
	Sample func() time.Duration
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

	Recent  Recent  // the sums over the backends
	History []Point // of the last minute, oldest first; as dense as the target was looked at
	Events  []Event // the last, newest first
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

// words returns the code and the text, as they are.
func (e *RPCError) words() string {
	if e.Text == "" {
		return codeName(e.Code)
	}
	return codeName(e.Code) + ": " + e.Text
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

// usable returns how many subchannels get picks.
func (b *Backend) usable() int {
	n := b.Ready
	for _, unusable := range b.Unusable {
		n -= unusable
	}
	return n
}

// verdict returns the last verdict if it tells why a subchannel is not usable now.
// Where gRPC reports health checks as states, that is TRANSIENT_FAILURE.
func (b *Backend) verdict() Verdict {
	failing := b.Subchannels > 0 && b.State == connectivity.TransientFailure && b.Verdict.At.After(b.LastErrorAt)
	if failing || b.usable() < b.Ready {
		return b.Verdict
	}
	return Verdict{}
}

// text returns the text of the verdict's error.
func (v Verdict) text() string {
	if v.Err == nil {
		return ""
	}
	return v.Err.Error()
}

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
