package metrics

import (
	"sync"

	"google.golang.org/grpc/balancer"
)

// subConnEvent has the arguments of UpdateSubConnState. A policy gets this call for
// SubConns that it made without a StateListener.
type subConnEvent struct {
	subConn *subConn
	state   balancer.SubConnState
}

// eventQueue passes events on to UpdateSubConnState, and keeps them until the
// policy is built. gRPC sends none before that, but they occur if a parent builds
// its child in a goroutine.
type eventQueue struct {
	// mu guards the fields below. Nothing is called under it.
	mu     sync.Mutex
	policy balancer.Balancer // nil until all early events have been delivered
	early  []subConnEvent
}

// deliver passes the event on or, until the policy is built, keeps it.
func (q *eventQueue) deliver(e subConnEvent) {
	if p := q.policyOrKeep(e); p != nil {
		p.UpdateSubConnState(e.subConn, e.state)
	}
}

func (q *eventQueue) policyOrKeep(e subConnEvent) balancer.Balancer {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.policy == nil {
		q.early = append(q.early, e)
	}
	return q.policy
}

// open passes the early events on to the policy, in order. Later events go to it
// at once.
func (q *eventQueue) open(p balancer.Balancer) {
	for early := q.takeEarly(p); len(early) > 0; early = q.takeEarly(p) {
		for _, e := range early {
			p.UpdateSubConnState(e.subConn, e.state)
		}
	}
}

// takeEarly returns the events kept so far. If there are none, no more are kept
// from now on.
func (q *eventQueue) takeEarly(p balancer.Balancer) []subConnEvent {
	q.mu.Lock()
	defer q.mu.Unlock()
	early := q.early
	q.early = nil
	if len(early) == 0 {
		q.policy = p
	}
	return early
}
