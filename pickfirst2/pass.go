package pickfirst2

import (
	"slices"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// race starts a pass at the first address.
func (m *machine) race(out *effects) {
	m.enter(out, racing)
	m.next = 0
	for _, sub := range m.subs {
		if sub == nil {
			continue
		}
		sub.failed = false
		if sub.conn == nil { // gRPC refused to make it; ask again
			sub.state = connectivity.Idle
		}
	}
	m.attempt(out)
}

// attempt connects to the next address that is not in backoff.
func (m *machine) attempt(out *effects) {
	for ; m.next < len(m.addrs); m.next++ {
		sub := m.subs[m.next]
		if sub == nil {
			sub = &subchannel{index: m.next}
			m.subs[m.next] = sub
		}
		switch sub.state {
		case connectivity.Idle:
			out.connect(sub)
			m.delayNext(out)
			return
		case connectivity.Connecting:
			m.delayNext(out)
			return
		case connectivity.TransientFailure:
			sub.failed, m.cause = true, sub.err
		}
	}
	out.stopTimer()
	m.endPass(out)
}

// delayNext has the attempt after the newest one, if there is one, wait for its
// turn.
func (m *machine) delayNext(out *effects) {
	if m.next+1 < len(m.addrs) {
		out.startTimer()
	} else {
		out.stopTimer()
	}
}

// attemptFailed takes a failure during the first pass. Others than the newest
// attempt fail too: those that were overtaken, and those that an earlier list
// had begun.
func (m *machine) attemptFailed(out *effects, sub *subchannel) {
	m.cause = sub.err
	if sub.index == m.next {
		m.next++
		m.attempt(out)
		return
	}
	m.endPass(out)
}

// endPass ends the first pass if every address was tried and has failed.
func (m *machine) endPass(out *effects) {
	if m.next < len(m.addrs) {
		return
	}
	for _, sub := range m.subs {
		if !sub.failed {
			return
		}
	}
	m.enter(out, retrying)
	m.reporter.failed(out, m.failure())
	for _, sub := range m.subs {
		if sub.state == connectivity.Idle { // its backoff is over already
			out.connect(sub)
		}
	}
}

// retryFailed takes a failure after the first pass.
func (m *machine) retryFailed(out *effects, sub *subchannel) {
	m.failures++
	if m.failures == len(m.addrs) {
		m.failures, m.cause = 0, sub.err
		m.reporter.failed(out, m.failure())
	}
}

// goesOn tells whether the attempts go on when addrs become the list. If each
// update began a new pass, frequent ones would keep the policy at the first
// address for ever. So a pass goes on if it would have begun with the same
// addresses, and retries do if the list is the same. With every address in
// backoff there is nothing to go on with.
func (m *machine) goesOn(addrs []resolver.Address) bool {
	switch m.phase {
	case racing:
		begun := m.addrs[:min(m.next+1, len(m.addrs))]
		return len(addrs) >= len(begun) && slices.EqualFunc(begun, addrs[:len(begun)], sameAddress)
	case retrying:
		return m.anyUnderWay() && slices.EqualFunc(m.addrs, addrs, sameAddress)
	default:
		return false
	}
}

func (m *machine) anyUnderWay() bool {
	return slices.ContainsFunc(m.subs, func(sub *subchannel) bool { return sub.state != connectivity.TransientFailure })
}

// goOn goes on with the attempts when an update has replaced the list. before is
// how many addresses the last one had.
func (m *machine) goOn(out *effects, before int) {
	if m.phase == retrying {
		m.reporter.failed(out, m.failure())
	} else {
		m.reporter.restart(out)
	}
	m.askAgain(out)
	switch {
	case m.phase != racing:
	case m.next == before: // the newest attempt has failed
		m.attempt(out)
	case m.next+1 == before, m.next+1 == len(m.addrs): // no other was, or is, waiting for its turn
		m.delayNext(out)
	}
}

// askAgain connects to the addresses whose SubConn gRPC has refused to make.
func (m *machine) askAgain(out *effects) {
	for _, sub := range m.subs {
		if sub != nil && sub.conn == nil && sub.state == connectivity.TransientFailure {
			sub.state, sub.failed = connectivity.Idle, false
			out.connect(sub)
		}
	}
}
