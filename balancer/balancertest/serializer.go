package balancertest

import (
	"runtime"
	"strings"
	"sync"
)

// serializer runs the calls into a policy one at a time, as gRPC's channel
// does. Calls that follow from a running one wait until it has returned.
//
// mu is never held during a call. Those that wait for its end do so on a
// condition, since in a bubble synctest finds a deadlock of goroutines that wait
// on one, and not of those that wait for a mutex.
type serializer struct {
	mu      sync.Mutex // guards the fields below
	idle    sync.Cond  // on mu: busy is false
	busy    bool       // a call runs
	pending []func()
	holding int // calls of together that have not returned: pending must wait
}

// run runs the calls that are queued, then call, then those that were queued
// meanwhile, on the caller's goroutine. From inside a call it cannot, and returns
// false.
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

// enter waits until no call runs. It returns false if one does on the caller's
// own goroutine, which would wait for itself.
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

// soon queues call and has it run before it returns, unless it must wait for the
// end of together, or of the call that it comes from.
func (s *serializer) soon(call func()) {
	s.later(call)
	s.run(func() {}) // from inside a call there is no need: the queue is next
}

// later queues call to be run after the running one, or with the next.
func (s *serializer) later(call func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.pending, call)
}

// together has what f queues wait until it has returned. If f does not return,
// but panics or ends the test, nothing comes of it: the policy may be broken and
// hold its locks.
func (s *serializer) together(f func()) {
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

// drain runs the queue until it is empty, or must wait.
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

// call makes a call into the policy. It is what insideCall looks for.
//
//go:noinline
func (*serializer) call(do func()) { do() }

// insideCall tells whether the caller was called from a call into a policy. The
// stack does not say of which channel: a goroutine that is inside a call of one,
// while a second is busy on another goroutine, is taken to be inside both. What it
// queues then comes with the next call at the latest.
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
