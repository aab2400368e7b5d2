package pickfirst2

import "google.golang.org/grpc/connectivity"

// reporter decides what the channel is told, and when. It alone knows that
// TRANSIENT_FAILURE is sticky: once all addresses have failed, CONNECTING is
// not reported until a connection was made (gRFC A62), so that RPCs fail fast
// instead of waiting for each new attempt in vain.
type reporter struct {
	state  connectivity.State // reported last
	sticky bool               // TRANSIENT_FAILURE, because all addresses failed
}

// newReporter returns a reporter in CONNECTING, the state in which gRPC takes a
// policy to be until its first report.
func newReporter() reporter { return reporter{state: connectivity.Connecting} }

// connecting reports that an attempt is under way.
func (r *reporter) connecting(out *effects) {
	if r.state != connectivity.Connecting {
		r.restart(out)
	}
}

// restart reports CONNECTING, also where that was reported last: the channel
// hears of each list of addresses with which attempts begin anew.
func (r *reporter) restart(out *effects) {
	if !r.sticky {
		r.tell(out, effect{state: connectivity.Connecting})
	}
}

// connected ends the stickiness: a connection was made. What is reported is for
// the caller to say next.
func (r *reporter) connected() { r.sticky = false }

// ready reports that RPCs go to sub.
func (r *reporter) ready(out *effects, sub *subchannel) {
	if r.state != connectivity.Ready {
		r.tell(out, effect{state: connectivity.Ready, sub: sub})
	}
}

// idle reports that the next pick starts connecting.
func (r *reporter) idle(out *effects) {
	r.tell(out, effect{state: connectivity.Idle})
}

// failed reports that all addresses have failed, or anew why.
func (r *reporter) failed(out *effects, err error) {
	r.tell(out, effect{state: connectivity.TransientFailure, err: err})
	r.sticky = true
}

// unusable reports that RPCs fail for want of an address, or because the
// connection is not healthy. It is not sticky: a list of addresses is a new
// start, and a connection that is checked again exists.
func (r *reporter) unusable(out *effects, err error) {
	r.tell(out, effect{state: connectivity.TransientFailure, err: err})
}

// refresh replaces the error of a TRANSIENT_FAILURE and changes nothing else.
func (r *reporter) refresh(out *effects, err error) {
	out.add(effect{kind: report, state: connectivity.TransientFailure, err: err})
}

func (r *reporter) tell(out *effects, e effect) {
	e.kind = report
	r.state, r.sticky = e.state, false
	out.add(e)
}
