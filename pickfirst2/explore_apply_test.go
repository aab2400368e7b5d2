package pickfirst2

import (
	"errors"
	"slices"

	"google.golang.org/grpc/connectivity"
)

// outcome is what the machine did about an event.
type outcome struct {
	held      []*subchannel // had a SubConn before
	reports   []effect
	connects  []*subchannel // Connect was called, or gRPC refused to make the SubConn
	watches   []*subchannel // a health listener was registered
	shutDowns []*subchannel
	faults    []string // effects that gRPC would ignore or that would panic
}

func (o outcome) nothing() bool {
	return len(o.reports)+len(o.connects)+len(o.watches)+len(o.shutDowns) == 0
}

// apply handles an event, as the shell does.
func (p *position) apply(e event) outcome {
	var did outcome
	for _, sub := range p.m.subs {
		if connOf(sub) != nil {
			did.held = append(did.held, sub)
		}
	}
	out := &effects{}
	p.handle(out, e)
	for i := 0; i < len(out.list); i++ {
		p.carryOut(out, out.list[i], &did)
	}
	for _, sub := range out.shutDowns {
		if conn := connOf(sub); conn != nil {
			did.shutDowns = append(did.shutDowns, sub)
			p.dropped = slices.DeleteFunc(p.dropped, func(old *subchannel) bool { return connOf(old).addr == conn.addr })
			p.dropped = append(p.dropped, sub)
		}
	}
	return did
}

func (p *position) handle(out *effects, e event) {
	m := &p.m
	switch e.kind {
	case evUpdate:
		p.answered, p.gated = true, e.update.gated
		var reason error
		if len(e.update.addrs) == 0 {
			reason = errNoAddresses
		}
		m.onAddresses(out, slices.Clone(e.update.addrs), e.update.gated, reason)
	case evResolverError:
		p.answered = true
		m.onResolverError(out, errors.New("resolver down"))
	case evExitIdle:
		m.onExitIdle(out)
	case evTimer:
		p.timing = false
		m.onTimer(out)
	case evClose:
		m.onClose(out)
	case evRefuse:
		p.refusing = e.refuse
	case evConnectivity:
		p.changeState(out, m.subs[e.index], e.state)
	case evHealth:
		sub := m.subs[e.index]
		connOf(sub).health = e.state
		m.onHealth(out, sub, e.state, errors.New("sick"))
	}
}

func (p *position) changeState(out *effects, sub *subchannel, state connectivity.State) {
	conn := connOf(sub)
	var err error
	switch {
	case state == connectivity.TransientFailure:
		err = errors.New(conn.addr + " refused")
	case state == connectivity.Connecting && conn.asked:
		conn.asked = false
	case state == connectivity.Connecting:
		conn.again = false
	}
	conn.watched, conn.health = false, connectivity.Connecting
	p.m.onConnectivity(out, sub, state, err)
}

func (p *position) carryOut(out *effects, e effect, did *outcome) {
	switch e.kind {
	case connect:
		p.connect(out, e.sub, did)
	case watchHealth:
		did.watches = append(did.watches, e.sub)
		connOf(e.sub).watched = true
	case startTimer:
		p.timing = true
	case stopTimer:
		p.timing = false
	case report:
		did.reports = append(did.reports, e)
		p.last = e
	}
}

func (p *position) connect(out *effects, sub *subchannel, did *outcome) {
	did.connects = append(did.connects, sub)
	if sub.gone || sub.state != connectivity.Idle {
		did.faults = append(did.faults, "Connect is called on a SubConn that is shut down or not in IDLE")
	}
	if sub.conn == nil {
		addr := p.m.addrs[sub.index].Addr
		if slices.Contains(p.refusing, addr) {
			p.m.onConnectivity(out, sub, connectivity.TransientFailure, errors.New("no SubConn"))
			return
		}
		sub.conn = &fakeConn{addr: addr, health: connectivity.Connecting}
	}
	conn := connOf(sub)
	conn.asked, conn.again = true, conn.again || conn.asked && p.late
}
