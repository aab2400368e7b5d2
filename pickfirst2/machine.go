package pickfirst2

import (
	"cmp"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// phase is what the policy is doing; doc.go has the table of all of them.
type phase uint8

const (
	waiting  phase = iota // there are no addresses
	racing                // first pass over the list, attempts 250 ms apart
	retrying              // all have failed: each is tried again after its backoff
	chosen                // a subchannel is READY, all others are shut down
	idle                  // the connection in use was lost, nothing is under way
	closed                // for good: no event has an effect
)

// machine decides what the policy does. It has no lock, clock or ClientConn:
// its methods take an event and append to out what is to be done. Not safe for
// concurrent use.
type machine struct {
	phase phase
	addrs []resolver.Address
	subs  []*subchannel // one per address, nil where none has been made

	next     int         // racing: the newest attempt's index; len(addrs) when all were begun
	failures int         // retrying: failures since the last full round
	sel      *subchannel // chosen: the READY subchannel

	healthGate  bool  // READY is for the health listener to say
	resolverErr error // the resolver's last error, nil after a good update
	cause       error // of the failure reported last, in a pass of the newest; nil if the resolver's error is newer

	reporter reporter
}

func newMachine() machine { return machine{reporter: newReporter()} }

// onAddresses takes a resolver update. The list must hold no duplicates and
// belongs to the machine from then on. An empty one counts as a failure to
// resolve, for which reason says why.
func (m *machine) onAddresses(out *effects, addrs []resolver.Address, healthGate bool, reason error) {
	if m.phase == closed {
		return
	}
	m.healthGate = healthGate
	m.resolverErr = reason
	goesOn, before := m.goesOn(addrs), len(m.addrs)
	m.reconcile(out, addrs)
	switch {
	case len(addrs) == 0:
		m.enter(out, waiting)
		m.reporter.unusable(out, m.failure())
	case m.phase == chosen && !m.sel.gone, m.phase == idle:
		// Nothing is to be tried now.
	case goesOn:
		m.goOn(out, before)
	default:
		m.reporter.restart(out)
		m.race(out)
	}
}

// onResolverError takes an error of the resolver. It shows only where there is
// nothing better: while a connection is READY or being made, the last good
// update is still good.
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

// onConnectivity takes a state change of a subchannel.
func (m *machine) onConnectivity(out *effects, sub *subchannel, state connectivity.State, err error) {
	if sub.gone || state == connectivity.Shutdown {
		return
	}
	was := sub.state
	sub.state = state
	if state == connectivity.TransientFailure {
		sub.failed, sub.err = true, cmp.Or(err, errNoCause)
	}
	// A connection can be lost before gRPC has told of it: CONNECTING is then
	// followed by IDLE. That was a success, and a loss.
	lost := was == connectivity.Ready || was == connectivity.Connecting && state == connectivity.Idle
	switch {
	case state == connectivity.Ready:
		m.choose(out, sub)
	case lost:
		m.lose(out, sub)
	case state == connectivity.TransientFailure && m.phase == racing:
		m.attemptFailed(out, sub)
	case state == connectivity.TransientFailure && m.phase == retrying:
		m.retryFailed(out, sub)
	case state == connectivity.Idle && m.phase == retrying: // it has backed off
		out.connect(sub)
	}
}

// onDelayOver takes the end of the delay between two attempts.
func (m *machine) onDelayOver(out *effects) {
	if m.phase == racing && m.next+1 < len(m.addrs) {
		m.next++
		m.attempt(out)
	}
}

// onExitIdle takes the wish for a connection, of a pick or of the channel.
func (m *machine) onExitIdle(out *effects) {
	if m.phase != idle {
		return
	}
	m.reporter.connecting(out)
	m.race(out)
}

// onClose ends everything.
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

// choose takes the subchannel that became READY and drops all others.
func (m *machine) choose(out *effects, sub *subchannel) {
	m.dropOthers(out, sub)
	m.enter(out, chosen)
	m.sel, sub.err = sub, nil
	m.becameReady(out)
}

// lose gives up on the connection and waits for somebody to want another.
func (m *machine) lose(out *effects, sub *subchannel) {
	m.dropOthers(out, sub)
	m.enter(out, idle)
	m.reporter.idle(out)
}
