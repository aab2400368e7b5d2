package metrics

import (
	"sync/atomic"

	"google.golang.org/grpc/codes"
)

// rareRecord is the part of a backend's record that is made when something has gone
// wrong. Most backends never need it.
type rareRecord struct {
	lastFailure  atomic.Pointer[failure]    // the last failed connection attempt
	lastVerdict  atomic.Pointer[verdict]    // the last that made a subchannel unusable
	lastRPCError atomic.Pointer[rpcFailure] // only with WithLastRPCErrors

	failedBefore atomic.Uint64 // connection attempts that had failed when the backend went down

	// Whether an event has told that attempts to connect fail, or that the backend is
	// unusable.
	toldFailing, toldUnusable atomic.Bool
}

// failure is why and when a connection attempt failed.
type failure struct {
	err error
	at  instant
}

// rpcFailure is how and when an RPC attempt failed.
type rpcFailure struct {
	code codes.Code
	text string
	at   instant
}

// rare returns the rareRecord, and makes it if there is none.
func (b *backendRecord) rare() *rareRecord {
	if r := b.ifRare.Load(); r != nil {
		return r
	}
	b.ifRare.CompareAndSwap(nil, new(rareRecord))
	return b.ifRare.Load()
}

// nothingRare is read in place of a rareRecord that was not made.
var nothingRare rareRecord

// readRare returns the rareRecord, for reading only.
func (b *backendRecord) readRare() *rareRecord {
	if r := b.ifRare.Load(); r != nil {
		return r
	}
	return &nothingRare
}
