package pickfirst2

import (
	"cmp"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// phase is what the policy is doing. doc.go has the table of transitions.
type phase uint8

const (
	waiting  phase = iota // no addresses
	racing                // in the first pass over the list, attempts 250 ms apart
	retrying              // all have failed: each is tried again after its backoff
	chosen                // one subchannel is READY, the others are shut down
	idle                  // the connection in use was lost, no attempt is under way
	closed                // no event has an effect
)

// machine decides what the policy does. It has no lock, clock or ClientConn. Its
// on… methods handle an event and append to out what to do. They are here, except
// onHealth (health.go). The machine is not safe for concurrent use.
type machine struct {
	phase phase
	addrs []resolver.Address
	subs  []*subchannel // one per address, nil where none has been made

	next     int         // racing: index of the newest attempt; len(addrs) if all have been tried
	failures int         // retrying: failures since the last full round
	sel      *subchannel // chosen: the READY subchannel

	healthGate  bool  // report READY only when the health listener does
	resolverErr error // the resolver's last error, nil after a good update

	// cause is the connection error that errors wrap: during a pass the newest one,
	// later the last one of each full round. It is nil after a resolver error.
	cause error

	reporter reporter
}

func newMachine() machine { return machine{reporter: newReporter()} }

// onAddresses handles a resolver update. The machine takes ownership of addrs,
// which must have no duplicates. An empty list counts as a resolver error, which
// is reason.
func (m *machine) onAddresses(out *effects, addrs []resolver.Address, healthGate bool, reason error) {
	if m.phase == closed {
		return
	}
	m.healthGate = healthGate
	m.resolverErr = reason
	goOn, before := m.canGoOn(addrs), len(m.addrs)
	m.reconcile(out, addrs)
	switch {
	case len(addrs) == 0:
		m.enter(out, waiting)
		m.reporter.unusable(out, m.failure())
	case m.phase == chosen && !m.sel.gone, m.phase == idle:
		// There is nothing to try now.
	case goOn:
		m.goOn(out, before)
	default:
		m.reporter.restart(out)
		m.race(out)
	}
}

// onResolverError handles an error of the resolver. Picks get to see it only in
// TRANSIENT_FAILURE: before that, the last good update still serves.
func (m *machine) onResolverError(out *effects, err error) {
	m.resolverErr, m.cause = err, nil
	switch {
	case m.phase == closed:
	case m.phase == waiting:
		m.reporter.unusable(out, m.failure())
	case m.reporter.state == connectivity.TransientFailure:
		m.reporter.refresh(out, m.failure())
	}
}

// onConnectivity handles a state change of a subchannel.
func (m *machine) onConnectivity(out *effects, sub *subchannel, state connectivity.State, err error) {
	if sub.gone || state == connectivity.Shutdown {
		return
	}
	was := sub.state
	sub.state = state
	if state == connectivity.TransientFailure {
		sub.failed, sub.err = true, cmp.Or(err, errNoCause)
	}
	switch {
	case state == connectivity.Ready:
		m.choose(out, sub)
	// If a connection is lost before gRPC has reported it, IDLE follows
	// CONNECTING. The connection counts as made and lost.
	case state == connectivity.Idle && (was == connectivity.Ready || was == connectivity.Connecting):
		m.lose(out, sub)
	// The subchannel has tried to make another connection before this one was lost
	// (gRFC A105). That attempt is under way, or it has failed.
	case was == connectivity.Ready:
		m.raceAgain(out)
	case state == connectivity.TransientFailure && m.phase == racing:
		m.attemptFailed(out, sub)
	case state == connectivity.TransientFailure && m.phase == retrying:
		m.retryFailed(out, sub)
	case state == connectivity.Idle && m.phase == retrying: // its backoff is over
		out.connect(sub)
	}
}

// onTimer handles the end of the delay before the next attempt.
func (m *machine) onTimer(out *effects) {
	if m.phase == racing && m.next+1 < len(m.addrs) {
		m.next++
		m.attempt(out)
	}
}

// onExitIdle handles a request to connect, from a pick or the channel.
func (m *machine) onExitIdle(out *effects) {
	if m.phase != idle {
		return
	}
	m.raceAgain(out)
}

// onClose shuts everything down.
func (m *machine) onClose(out *effects) {
	m.reconcile(out, nil)
	m.enter(out, closed)
}

func (m *machine) enter(out *effects, p phase) {
	m.phase, m.failures, m.sel = p, 0, nil
	if p != racing {
		out.stopTimer()
	}
}

// choose selects the subchannel that became READY and drops the others.
func (m *machine) choose(out *effects, sub *subchannel) {
	m.dropOthers(out, sub)
	m.enter(out, chosen)
	m.sel, sub.err = sub, nil
	m.becameReady(out)
}

// lose keeps only the subchannel whose connection was lost, and waits for
// onExitIdle.
func (m *machine) lose(out *effects, sub *subchannel) {
	m.dropOthers(out, sub)
	m.enter(out, idle)
	m.reporter.idle(out)
}

func (m *machine) dropOthers(out *effects, keep *subchannel) {
	for i, sub := range m.subs {
		if sub != nil && sub != keep {
			m.drop(out, sub)
			m.subs[i] = nil
		}
	}
}

func (m *machine) drop(out *effects, sub *subchannel) {
	sub.gone = true
	out.shutDown(sub)
}

// reconcile replaces the list. A subchannel stays, in its state, if its address is
// still listed; the others are dropped.
func (m *machine) reconcile(out *effects, addrs []resolver.Address) {
	index := newAddressIndex(addrs)
	subs := make([]*subchannel, len(addrs))
	for i, sub := range m.subs {
		if sub == nil {
			continue
		}
		at, listed := index.find(m.addrs[i])
		if !listed {
			m.drop(out, sub)
			continue
		}
		sub.index = at
		subs[at] = sub
	}
	m.addrs, m.subs = addrs, subs
}
