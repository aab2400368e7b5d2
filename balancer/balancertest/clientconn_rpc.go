package balancertest

import (
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
)

// RPC sends an RPC that the server answers, with an error if err is not nil. It
// returns the SubConn that the RPC went to, or the error of [ClientConn.Start]. Tests
// that need more control call Start and [Attempt.End] instead.
func (cc *ClientConn) RPC(err error) (*SubConn, error) {
	cc.tb.Helper()
	a, pickErr := cc.Start(balancer.PickInfo{})
	if pickErr != nil {
		return nil, pickErr
	}
	a.End(balancer.DoneInfo{Err: err, BytesSent: true, BytesReceived: true})
	return a.sc, nil
}

// Start starts an RPC attempt as gRPC does. It picks with the picker that the
// policy reported last. Fields of info that are not set stand for the method
// /test/Method and the test's context.
//
// The error is the picker's, or [balancer.ErrNoSubConnAvailable] if the RPC waits for
// another picker. As in gRPC, an RPC also waits if the picker is nil, or if it chooses
// a SubConn that is not READY. In the latter case Start first calls Done with a zero
// [balancer.DoneInfo], which says that nothing was sent.
func (cc *ClientConn) Start(info balancer.PickInfo) (*Attempt, error) {
	cc.tb.Helper()
	sc, res, err := cc.pickWith(cc.State().Picker, info)
	if err != nil {
		return nil, err
	}
	if sc.State() != connectivity.Ready {
		if res.Done != nil {
			res.Done(balancer.DoneInfo{})
		}
		return nil, balancer.ErrNoSubConnAvailable
	}
	return &Attempt{sc: sc, metadata: res.Metadata, done: res.Done}, nil
}

// Attempt is an RPC attempt in flight, from [ClientConn.Start].
type Attempt struct {
	sc       *SubConn
	metadata metadata.MD
	done     func(balancer.DoneInfo)
	ended    atomic.Bool
}

// SubConn returns the SubConn that the attempt uses.
func (a *Attempt) SubConn() *SubConn { return a.sc }

// Metadata returns what the picker adds to the headers of the RPC.
func (a *Attempt) Metadata() metadata.MD { return a.metadata }

// End ends the attempt: it passes info, unchanged, to the picker's Done if there is
// one. An answer of the server has BytesSent and BytesReceived set, and may have a
// Trailer and, from a server that reports its load, a ServerLoad.
//
// End fails the test if the attempt has ended, or if info has something from a
// server without BytesSent.
func (a *Attempt) End(info balancer.DoneInfo) {
	tb := a.sc.cc.tb
	tb.Helper()
	if answered := info.BytesReceived || len(info.Trailer) > 0 || info.ServerLoad != nil; answered && !info.BytesSent {
		tb.Fatalf("balancertest: end RPC attempt on %v: gRPC cannot get an answer to what it has not sent; set BytesSent", a.sc)
	}
	if a.ended.Swap(true) {
		tb.Fatalf("balancertest: end RPC attempt on %v: it has ended already", a.sc)
	}
	if a.done != nil {
		a.done(info)
	}
}
