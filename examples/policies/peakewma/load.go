package peakewma

import (
	"math"
	"sync"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// failurePenalty, in seconds, is added to the latency of an RPC that failed because of
// the endpoint. Without it an endpoint that fails fast would look fast.
const failurePenalty = 1

// blamesEndpoint reports whether an RPC's error is the endpoint's fault. Most errors are
// not: for example, the requested object does not exist, or the caller gave up.
func blamesEndpoint(err error) bool {
	code := status.Code(err)
	return code == codes.Unavailable || code == codes.ResourceExhausted
}

// load is what the policy knows of one endpoint.
type load struct {
	mu       sync.Mutex // guards the fields below
	inFlight int
	latency  float64   // moving average in seconds; 0 before the first RPC ends
	updated  time.Time // when latency was
}

// cost estimates how long an RPC sent now would take. A new endpoint costs nothing, so
// it is tried at once. While its first RPC is in flight, it costs more than any other.
func (e *load) cost() float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.latency == 0 && e.inFlight > 0 {
		return math.MaxFloat64
	}
	return e.latency * float64(e.inFlight+1)
}

// start counts an RPC in flight and returns the function to call when it ends.
func (e *load) start(decay float64) func(balancer.DoneInfo) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inFlight++
	start := time.Now()
	return func(info balancer.DoneInfo) { e.end(info, start, decay) }
}

// end updates the average with the latency of an RPC. If gRPC gave up the pick, nothing
// was sent, and there is no latency.
func (e *load) end(info balancer.DoneInfo, start time.Time, decay float64) {
	now := time.Now()
	took := now.Sub(start).Seconds()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inFlight--
	if info.Err == nil && !info.BytesSent {
		return
	}
	if blamesEndpoint(info.Err) {
		took += failurePenalty
	}
	if took > e.latency { // a peak counts at once
		e.latency, e.updated = took, now
		return
	}
	old := math.Exp(-now.Sub(e.updated).Seconds() / decay)
	e.latency, e.updated = e.latency*old+took*(1-old), now
}
