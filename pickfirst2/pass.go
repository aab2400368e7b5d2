package pickfirst2

import (
	"slices"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// raceAgain starts a pass after a connection was lost.
func (m *machine) raceAgain(out *effects) {
	m.reporter.connecting(out)
	m.race(out)
}

// race starts a pass at the first address.
func (m *machine) race(out *effects) {
	m.enter(out, racing)
	m.next = 0
	for _, sub := range m.subs {
		if sub == nil {
			continue
		}
		sub.failed = false
		if sub.conn == nil { // gRPC has refused to make it: ask again
			sub.state = connectivity.Idle
		}
	}
	m.attempt(out)
}

// attempt connects to the first address, from m.next on, that is not in backoff.
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

// delayNext starts the delay before the next attempt, if there is an address for
// one.
func (m *machine) delayNext(out *effects) {
	if m.next+1 < len(m.addrs) {
		out.startTimer()
	} else {
		out.stopTimer()
	}
}

// attemptFailed handles a failure during the first pass. The failed attempt need
// not be the newest one: it may be an earlier one, or one that began with an earlier
// list.
func (m *machine) attemptFailed(out *effects, sub *subchannel) {
	m.cause = sub.err
	if sub.index == m.next {
		m.next++
		m.attempt(out)
		return
	}
	m.endPass(out)
}

// endPass ends the first pass if every address has failed.
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
		if sub.state == connectivity.Idle { // its backoff is over
			out.connect(sub)
		}
	}
}

// retryFailed handles a failure after the first pass.
func (m *machine) retryFailed(out *effects, sub *subchannel) {
	m.failures++
	if m.failures == len(m.addrs) {
		m.failures, m.cause = 0, sub.err
		m.reporter.failed(out, m.failure())
	}
}

// canGoOn tells whether the attempts can go on when addrs replace the list. If each
// update started a new pass, frequent updates would keep the policy at the first
// address. So a pass goes on if the addresses that it has tried are still the first
// ones, and retries go on if the list is the same. If every address is in backoff,
// there is nothing to go on with.
func (m *machine) canGoOn(addrs []resolver.Address) bool {
	switch m.phase {
	case racing:
		tried := m.addrs[:min(m.next+1, len(m.addrs))]
		return len(addrs) >= len(tried) && slices.EqualFunc(tried, addrs[:len(tried)], sameAddress)
	case retrying:
		return m.anyUnderWay() && slices.EqualFunc(m.addrs, addrs, sameAddress)
	default:
		return false
	}
}

func (m *machine) anyUnderWay() bool {
	return slices.ContainsFunc(m.subs, func(sub *subchannel) bool { return sub.state != connectivity.TransientFailure })
}

// goOn goes on with the attempts after an update has replaced the list. before is
// the length of the old list.
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
	case m.next+1 == before, m.next+1 == len(m.addrs): // the newest attempt was, or is now, the last
		m.delayNext(out)
	}
}

// askAgain asks again for the SubConns that gRPC has refused to make.
func (m *machine) askAgain(out *effects) {
	for _, sub := range m.subs {
		if sub != nil && sub.conn == nil && sub.state == connectivity.TransientFailure {
			sub.state, sub.failed = connectivity.Idle, false
			out.connect(sub)
		}
	}
}
