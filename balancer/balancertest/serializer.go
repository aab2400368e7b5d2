package balancertest

import "sync"

// serializer runs the calls into a policy one at a time, as gRPC's channel
// does. Calls that follow from a running one wait until it has returned.
//
// Lock order: running before mu. mu is never held during a call.
type serializer struct {
	running sync.Mutex // held while a call into the policy runs

	mu      sync.Mutex // guards the fields below
	pending []func()
	holding bool // run only queues
}

// run runs call, then everything that was queued meanwhile, on the caller's
// goroutine. It must not be called from inside a call.
func (s *serializer) run(call func()) {
	if s.held(call) {
		return
	}
	s.running.Lock()
	defer s.running.Unlock()
	call()
	for next := s.next(); next != nil; next = s.next() {
		next()
	}
}

// together queues what f has run, and then runs all of it.
func (s *serializer) together(f func()) {
	s.hold(true)
	f()
	s.hold(false)
	s.run(func() {})
}

func (s *serializer) hold(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = on
}

// held queues call if calls are held back, and tells whether they are.
func (s *serializer) held(call func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holding {
		s.pending = append(s.pending, call)
	}
	return s.holding
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
