package pickfirst2

import "google.golang.org/grpc/connectivity"

// reporter decides what to report to the channel, and when. It alone knows that
// TRANSIENT_FAILURE is sticky: once all addresses have failed, it does not report
// CONNECTING until a connection is made (gRFC A62). So RPCs fail fast instead of
// waiting for each new attempt.
type reporter struct {
	state  connectivity.State // reported last
	sticky bool               // TRANSIENT_FAILURE, because all addresses failed
}

// newReporter returns a reporter in CONNECTING, which is what gRPC assumes until
// the first report.
func newReporter() reporter { return reporter{state: connectivity.Connecting} }

// connecting reports that an attempt is under way.
func (r *reporter) connecting(out *effects) {
	if r.state != connectivity.Connecting {
		r.restart(out)
	}
}

// restart reports CONNECTING, even if that was the last report: the channel gets a
// report for each list of addresses with which the attempts start again.
func (r *reporter) restart(out *effects) {
	if !r.sticky {
		r.report(out, effect{state: connectivity.Connecting})
	}
}

// connected ends the stickiness, because a connection was made. It reports nothing.
func (r *reporter) connected() { r.sticky = false }

// ready reports that RPCs go to sub.
func (r *reporter) ready(out *effects, sub *subchannel) {
	if r.state != connectivity.Ready {
		r.report(out, effect{state: connectivity.Ready, sub: sub})
	}
}

// idle reports that the next pick starts connecting.
func (r *reporter) idle(out *effects) {
	r.report(out, effect{state: connectivity.Idle})
}

// failed reports that all addresses have failed and why.
func (r *reporter) failed(out *effects, err error) {
	r.report(out, effect{state: connectivity.TransientFailure, err: err})
	r.sticky = true
}

// unusable reports that RPCs fail because there is no address or the connection is
// not healthy. This is not sticky: in the first case a list of addresses is a new
// start, in the second there is a connection.
func (r *reporter) unusable(out *effects, err error) {
	r.report(out, effect{state: connectivity.TransientFailure, err: err})
}

// refresh replaces the error of a TRANSIENT_FAILURE and changes nothing else.
func (r *reporter) refresh(out *effects, err error) {
	out.add(effect{kind: report, state: connectivity.TransientFailure, err: err})
}

func (r *reporter) report(out *effects, e effect) {
	e.kind = report
	r.state, r.sticky = e.state, false
	out.add(e)
}
