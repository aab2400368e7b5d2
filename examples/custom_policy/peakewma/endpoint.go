package peakewma

import (
	"math"
	"sync"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// failurePenalty is what a failure takes longer, in seconds: an endpoint that
// fails soon is not to look fast.
const failurePenalty = 1

// inTrouble tells whether an RPC's error speaks of the endpoint. Most are about
// the RPC: what it asks for is not there, or its caller has had enough.
func inTrouble(err error) bool {
	code := status.Code(err)
	return code == codes.Unavailable || code == codes.ResourceExhausted
}

// endpoint is what is known of one endpoint.
type endpoint struct {
	conn balancer.SubConn

	mu       sync.Mutex // guards the fields below
	inFlight int
	latency  float64   // moving average in seconds; 0 before the first
	updated  time.Time // when the average was
}

// cost is the time that an RPC sent now is likely to take. An endpoint that is
// new costs nothing, so that it is tried at once; with an RPC under way it costs
// more than any other until that has ended.
func (e *endpoint) cost() float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.latency == 0 && e.inFlight > 0 {
		return math.MaxFloat64
	}
	return e.latency * float64(e.inFlight+1)
}

// begin begins an RPC and returns its end.
func (e *endpoint) begin(decay float64) func(balancer.DoneInfo) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inFlight++
	start := time.Now()
	return func(info balancer.DoneInfo) { e.end(info, start, decay) }
}

// end takes the latency of an RPC into the average. A pick that gRPC gave up, to
// pick again, was none: nothing was sent.
func (e *endpoint) end(info balancer.DoneInfo, start time.Time, decay float64) {
	now := time.Now()
	took := now.Sub(start).Seconds()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inFlight--
	if info.Err == nil && !info.BytesSent {
		return
	}
	if inTrouble(info.Err) {
		took += failurePenalty
	}
	if took > e.latency { // a peak counts at once
		e.latency, e.updated = took, now
		return
	}
	old := math.Exp(-now.Sub(e.updated).Seconds() / decay)
	e.latency, e.updated = e.latency*old+took*(1-old), now
}
