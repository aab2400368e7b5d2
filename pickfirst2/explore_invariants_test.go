package pickfirst2

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// transition is an event with what came of it.
type transition struct {
	before, after *position
	event         event
	did           outcome
}

// invariants return what is wrong with a transition, or nothing.
var invariants = []func(transition) string{
	func(t transition) string { return strings.Join(t.did.faults, "; ") },
	closedFault, listFault, shutDownFault, lossFault, timerFault, tableFault, phaseFault, attemptFault,
	reportFault, errorFault, stickyFault, roundFault, healthFault,
}

// run applies the event. It returns what is wrong with that, and the events that show
// it.
func (t *transition) run() (fault string, shownBy []event) {
	shownBy = []event{t.event}
	defer func() {
		if r := recover(); r != nil {
			fault = fmt.Sprint("panic: ", r)
		}
	}()
	t.did = t.after.apply(t.event)
	for _, faultOf := range invariants {
		if fault := faultOf(*t); fault != "" {
			return fault, shownBy
		}
	}
	if stale, ok := t.staleEffect(); ok {
		return "an event of a SubConn that was shut down has an effect", append(shownBy, stale)
	}
	return "", nil
}

// connected tells whether a connection was made.
func (t transition) connected() bool {
	return t.event.kind == evConnectivity && t.event.state == connectivity.Ready
}

// lost tells whether a connection was lost, maybe as soon as it was made.
func (t transition) lost() bool {
	if t.event.kind != evConnectivity {
		return false
	}
	was := t.before.m.subs[t.event.index].state
	return was == connectivity.Ready || was == connectivity.Connecting && t.event.state == connectivity.Idle
}

func closedFault(t transition) string {
	switch {
	case t.before.m.phase == closed && (!t.did.nothing() || t.after.m.phase != closed):
		return "something is done after close"
	case t.event.kind == evClose && (t.after.m.phase != closed || len(t.did.reports)+len(t.did.connects) > 0):
		return "close does more than to close"
	}
	return ""
}

func listFault(t transition) string {
	m := &t.after.m
	if len(m.subs) != len(m.addrs) {
		return fmt.Sprintf("there are %d subchannels for %d addresses", len(m.subs), len(m.addrs))
	}
	for i, sub := range m.subs {
		switch {
		case slices.ContainsFunc(m.addrs[:i], func(a resolver.Address) bool { return sameAddress(a, m.addrs[i]) }):
			return m.addrs[i].Addr + " is listed twice"
		case sub == nil:
		case sub.conn == nil && !slices.Contains(t.did.connects, sub) && !t.before.refused(m.addrs[i]):
			return m.addrs[i].Addr + " has no SubConn, and gRPC has not refused to make it"
		case sub.gone:
			return m.addrs[i].Addr + " was shut down and is still in use"
		case sub.index != i:
			return fmt.Sprintf("%s has the index %d, want %d", m.addrs[i].Addr, sub.index, i)
		case connOf(sub) != nil && connOf(sub).addr != m.addrs[i].Addr:
			return fmt.Sprintf("the SubConn for %s is one to %s", m.addrs[i].Addr, connOf(sub).addr)
		}
	}
	if t.event.kind == evUpdate && m.phase != closed && !t.after.lists(t.event.update.addrs) {
		return "the update's addresses are not the machine's"
	}
	return ""
}

// shutDownFault checks that each SubConn is in use or was shut down, once.
func shutDownFault(t transition) string {
	shutDowns := map[*subchannel]int{}
	for _, sub := range t.did.shutDowns {
		shutDowns[sub]++
	}
	for _, sub := range slices.Concat(t.did.held, t.did.connects) {
		want := 1
		if slices.Contains(t.after.m.subs, sub) {
			want = 0
		}
		if n := shutDowns[sub]; sub.conn != nil && n != want {
			return fmt.Sprintf("%s is shut down %d times, want %d", connOf(sub).addr, n, want)
		}
		delete(shutDowns, sub)
	}
	if len(shutDowns) > 0 {
		return "a SubConn is shut down that was before"
	}
	return ""
}

// lossFault checks that the subchannel that was in use is kept, and takes part in a pass
// that begins.
func lossFault(t transition) string {
	if t.lost() && t.after.m.subs[t.event.index] == nil {
		return t.event.addr + " has lost its connection and is dropped"
	}
	return ""
}

func timerFault(t transition) string {
	m := &t.after.m
	if due := m.phase == racing && m.next+1 < len(m.addrs); t.after.timing != due {
		return fmt.Sprintf("the delay before the next attempt runs: %v, want %v", t.after.timing, due)
	}
	return ""
}

var phaseNames = []string{waiting: "waiting", racing: "racing", retrying: "retrying", chosen: "chosen", idle: "idle", closed: "closed"}

// tableFault checks what doc.go's table says of the phases. A pass that begins may end
// at once, because all addresses are in backoff or refused.
func tableFault(t transition) string {
	before, after, kind := &t.before.m, t.after.m.phase, t.event.kind
	want := after
	switch {
	case before.phase == closed, kind == evClose:
		want = closed
	case kind == evUpdate && len(t.event.update.addrs) == 0:
		want = waiting
	case t.connected():
		want = chosen
	case t.lost() && t.event.state == connectivity.Idle:
		want = idle
	case before.phase == chosen && !t.lost() && (kind != evUpdate || t.event.update.lists(before.addrs[before.sel.index])),
		before.phase == idle && kind != evExitIdle,
		before.phase == waiting && kind != evUpdate,
		before.phase == retrying && kind != evUpdate:
		want = before.phase
	case after != retrying:
		want = racing
	}
	if after != want {
		return fmt.Sprintf("the phase is %s, want %s", phaseNames[after], phaseNames[want])
	}
	return ""
}

// phaseFault checks that the phase is what the subchannels and the last report say.
func phaseFault(t transition) string {
	m, reported := &t.after.m, t.after.last.state
	var ready []*subchannel
	made := 0
	for _, sub := range m.subs {
		if sub != nil {
			made++
			if sub.state == connectivity.Ready {
				ready = append(ready, sub)
			}
		}
	}
	var ok bool
	switch m.phase {
	case waiting:
		ok = len(m.addrs) == 0 && (reported == connectivity.TransientFailure || !t.after.answered)
	case racing:
		ok = reported == connectivity.Connecting || reported == connectivity.TransientFailure && m.reporter.sticky
	case retrying:
		ok = reported == connectivity.TransientFailure && m.reporter.sticky && made == len(m.addrs) && m.failures < len(m.addrs)
	case chosen:
		ok = made == 1 && len(ready) == 1 && ready[0] == m.sel
	case idle:
		ok = reported == connectivity.Idle && made <= 1
	case closed:
		ok = made == 0
	}
	if (m.phase == chosen) != (len(ready) > 0) || (m.phase == chosen) != (m.sel != nil) {
		ok = false
	}
	if !ok || m.phase != closed && (m.phase == waiting) != (len(m.addrs) == 0) {
		return fmt.Sprintf("the phase is %s with %d addresses, %d subchannels, %d READY, and %v reported",
			phaseNames[m.phase], len(m.addrs), made, len(ready), reported)
	}
	return ""
}

// attemptFault checks that a pass tries the addresses in order, one at a time.
func attemptFault(t transition) string {
	m := &t.after.m
	if m.phase != racing {
		return ""
	}
	begun, refused := 0, false
	for _, sub := range t.did.connects {
		refused = refused || sub.conn == nil
		if sub.conn != nil && !slices.Contains(t.did.held, sub) {
			begun++
		}
		if slices.Contains(m.subs[:sub.index], nil) {
			return m.addrs[sub.index].Addr + " is tried before an address in front of it"
		}
	}
	for _, sub := range t.before.m.subs {
		refused = refused || sub != nil && sub.conn == nil
	}
	if begun > 1 && !refused {
		return "two attempts begin at once"
	}
	return ""
}
