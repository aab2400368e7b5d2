package balancertest

import "sync"

// serializer runs the calls into a policy one at a time, as gRPC's channel
// does. Calls that follow from a running one wait until it has returned.
//
// Lock order: running before mu. mu is never held during a call.
type serializer struct {
	running sync.Mutex // held while a call into the policy runs

	mu      sync.Mutex // guards pending
	pending []func()
}

// run runs call, then everything that was queued meanwhile, on the caller's
// goroutine. It must not be called from inside a call.
func (s *serializer) run(call func()) {
	s.running.Lock()
	defer s.running.Unlock()
	call()
	for next := s.next(); next != nil; next = s.next() {
		next()
	}
}

// later queues call to be run after the running one, or with the next.
func (s *serializer) later(call func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.pending, call)
}

func (s *serializer) next() func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == 0 {
		return nil
	}
	call := s.pending[0]
	s.pending = s.pending[1:]
	return call
}
