package balancertest

import (
	"runtime"
	"strings"
	"sync"
)

// serializer runs the calls into a policy one at a time, as gRPC's channel
// does. Calls that a running one causes are queued until it has returned.
//
// mu is never held during a call. Callers wait on a condition variable, because
// synctest detects a deadlock of goroutines that wait on one, but not of
// goroutines that wait for a mutex.
type serializer struct {
	mu      sync.Mutex // guards the fields below
	idle    sync.Cond  // signalled when busy becomes false
	busy    bool       // a call is running
	pending []func()   // the queue
	holding int        // number of deliverAfter calls that are running; above 0 the queue waits
}

// run runs the queue, then call, then the calls that were queued during call. It
// runs them on the caller's goroutine. From inside a call it runs nothing and
// returns false.
func (s *serializer) run(call func()) bool {
	if !s.enter() {
		return false
	}
	defer s.leave()
	s.drain()
	s.call(call)
	s.drain()
	return true
}

// enter waits until no call is running, and reserves the serializer for the
// caller. It returns false if it is called from inside a call, which would wait
// for itself.
func (s *serializer) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy && insideCall() {
		return false
	}
	for s.busy {
		s.idle.Wait()
	}
	s.busy = true
	return true
}

func (s *serializer) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = false
	s.idle.Signal()
}

// submit queues call and runs the queue. Inside deliverAfter, or from inside a
// call, call runs later.
func (s *serializer) submit(call func()) {
	s.enqueue(call)
	s.run(func() {}) // from inside a call this does nothing: that call's run drains the queue
}

// enqueue queues call to run after the running call, or before the next one.
func (s *serializer) enqueue(call func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.pending, call)
}

// deliverAfter runs f, and holds the queue until f has returned. If f panics or
// ends the test, it drops the queue: the policy may be broken and hold its locks.
func (s *serializer) deliverAfter(f func()) {
	returned := false
	s.hold()
	defer func() { s.release(returned) }()
	f()
	returned = true
}

func (s *serializer) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding++
}

func (s *serializer) release(deliver bool) {
	s.mu.Lock()
	s.holding--
	if !deliver {
		s.pending = nil
	}
	s.mu.Unlock()
	if deliver {
		s.run(func() {})
	}
}

// drain runs the queue until it is empty or held.
func (s *serializer) drain() {
	for next := s.next(); next != nil; next = s.next() {
		s.call(next)
	}
}

func (s *serializer) next() func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holding > 0 || len(s.pending) == 0 {
		return nil
	}
	call := s.pending[0]
	s.pending = s.pending[1:]
	return call
}

// call runs a call into the policy. insideCall looks for it on the stack.
//
//go:noinline
func (*serializer) call(do func()) { do() }

// insideCall reports whether a call into a policy is on the caller's stack. It
// cannot see of which channel. So if a goroutine is inside a call of one channel
// while another goroutine is inside a call of a second channel, insideCall is true
// for both channels. What the goroutine then queues for the second channel runs
// before that channel's next call at the latest.
func insideCall() bool {
	callers := make([]uintptr, 64)
	n := runtime.Callers(0, callers)
	for n == len(callers) {
		callers = make([]uintptr, 2*n)
		n = runtime.Callers(0, callers)
	}
	for frames, more := runtime.CallersFrames(callers[:n]), true; more; {
		var frame runtime.Frame
		if frame, more = frames.Next(); strings.HasSuffix(frame.Function, "balancertest.(*serializer).call") {
			return true
		}
	}
	return false
}
