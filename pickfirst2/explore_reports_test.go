package pickfirst2

import (
	"fmt"
	"strings"

	"google.golang.org/grpc/connectivity"
)

// reportFault checks that a report has what its picker needs.
func reportFault(t transition) string {
	m := &t.after.m
	for _, r := range t.did.reports {
		switch {
		case (r.state == connectivity.TransientFailure) != (r.err != nil):
			return "only TRANSIENT_FAILURE is reported with an error"
		case (r.state == connectivity.Ready) != (r.sub != nil):
			return "only READY is reported with a subchannel"
		case r.sub != nil && (r.sub != m.sel || r.sub.state != connectivity.Ready):
			return "READY is reported with a subchannel that is not READY"
		}
	}
	if last := t.after.last; last.state != m.reporter.state {
		return "the last report is " + last.state.String() + ", not " + m.reporter.state.String() + " as the reporter says"
	} else if last.state == connectivity.Ready && last.sub != m.sel && m.phase != closed {
		return "picks go to a subchannel that is not in use"
	}
	return ""
}

// errorFault checks that all addresses have failed if that is reported, and that the
// error names the last of them.
func errorFault(t transition) string {
	m := &t.after.m
	for _, r := range t.did.reports {
		if r.state != connectivity.TransientFailure || m.phase != retrying {
			continue
		}
		for i, a := range m.addrs {
			named := strings.Contains(r.err.Error(), a.Addr+": ") || i+maxCauses < len(m.addrs)
			if m.subs[i].err == nil || !named {
				return "the error " + r.err.Error() + " is reported and " + a.Addr + " has not failed"
			}
		}
	}
	return ""
}

// stickyFault checks that only a connection ends a TRANSIENT_FAILURE of all addresses
// (gRFC A62). Without addresses there is another reason for TRANSIENT_FAILURE.
func stickyFault(t transition) string {
	before := t.before
	if t.connected() || t.lost() {
		return ""
	}
	failing := before.last.state == connectivity.TransientFailure && (before.m.phase == racing || before.m.phase == retrying)
	for _, r := range t.did.reports {
		if failing && r.state != connectivity.TransientFailure {
			return r.state.String() + " is reported though all addresses have failed and there was no connection since"
		}
		failing = r.state == connectivity.TransientFailure && t.after.m.phase != waiting
	}
	return ""
}

// roundFault checks that, once all addresses have failed, there is a report each time
// that as many attempts have failed. An update while all are in backoff begins a new
// round.
func roundFault(t transition) string {
	before, after := &t.before.m, &t.after.m
	if before.phase != retrying || after.phase != retrying {
		return ""
	}
	if t.event.kind == evUpdate && !before.anyUnderWay() && after.failures > 0 {
		return "the update does not begin a new round"
	}
	if t.event.kind != evConnectivity {
		return ""
	}
	failures, reports := before.failures, 0
	if t.event.state == connectivity.TransientFailure {
		failures++
	}
	if failures == len(after.addrs) {
		failures, reports = 0, 1
	}
	if after.failures != failures || len(t.did.reports) != reports {
		return fmt.Sprintf("%d failures in this round and %d reports, want %d and %d", after.failures, len(t.did.reports), failures, reports)
	}
	return ""
}

// healthFault checks that READY is reported exactly while the health listener, if the
// gate is on, says so.
func healthFault(t transition) string {
	m := &t.after.m
	for _, sub := range t.did.watches {
		if sub != m.sel {
			return "the health of a subchannel that is not in use is watched"
		}
	}
	if m.phase != closed && m.healthGate != t.after.gated {
		return "the health gate is not as in the last update"
	}
	if m.phase != chosen {
		return ""
	}
	conn, want := connOf(m.sel), connectivity.Ready
	if t.connected() && conn.watched != t.after.gated {
		return "the health listener does not follow the gate"
	}
	if conn.watched {
		want = conn.health
	}
	if got := t.after.last.state; got != want {
		return got.String() + " is reported, want " + want.String() + ", as connection and health are"
	}
	return ""
}

// staleEffect returns an event of a SubConn that was shut down, if it has an effect.
func (t transition) staleEffect() (event, bool) {
	p := t.after
	if len(p.dropped) == 0 {
		return event{}, false
	}
	key := p.key(true, true)
	for _, sub := range p.dropped {
		for _, e := range staleEvents {
			out := &effects{}
			if e.kind == evHealth {
				p.m.onHealth(out, sub, e.state, errStale)
			} else {
				p.m.onConnectivity(out, sub, e.state, errStale)
			}
			if len(out.list)+len(out.shutDowns) > 0 || p.key(true, true) != key {
				e.addr = connOf(sub).addr
				return e, true
			}
		}
	}
	return event{}, false
}
