package pickfirst2

import (
	"testing"

	"google.golang.org/grpc/connectivity"
)

// FuzzMachine runs a machine with random events that gRPC can produce, and checks
// the invariants after each.
func FuzzMachine(f *testing.F) {
	for _, seed := range []string{"", "\x00\x10\x11", "\x01\x10\x30\x11\x31\x00\x10\x20", "\x02\x10\x20\x40\x05\x10\x30\x11\x31\x12\x32\x03", "\x07\x01\x10\x20\x60\x70\x08\x04", "\x01\x10\x20\x10\x11\x20\x30\x11\x31\x40"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, events []byte) {
		w := &subchannels{s: newScripted(t), states: map[*subchannel]connectivity.State{}}
		for _, e := range events {
			w.step(e)
			w.check()
		}
		w.s.doLine("close")
		for sub := range w.states {
			if !sub.gone {
				t.Errorf("a subchannel in %v was not shut down by close", sub.state)
			}
		}
	})
}

// subchannels is what gRPC would know about the machine's subchannels.
type subchannels struct {
	s       *scripted
	gate    string // the prefix of resolver updates: "gated " or nothing
	states  map[*subchannel]connectivity.State
	seen    int  // reports checked so far
	failing bool // TRANSIENT_FAILURE was reported because all addresses failed
}

var (
	fuzzLists  = []string{"update A", "update A B", "update A B C", "update B", "update C B A", "update", "update A C"}
	fuzzOthers = []string{"timer fires", "exit idle", "resolver error", "gate on", "gate off", "refuse A", "refuse B C", "refuse"}
	fuzzNames  = []string{"A", "B", "C"}
)

// step handles the event encoded in e, if it can happen now. The high digit is the
// kind of event; the low digit chooses the list, other event or subchannel.
func (w *subchannels) step(e byte) {
	kind, which := e>>4, int(e&15)
	if kind == 0 && which < len(fuzzLists) {
		w.s.doLine(w.gate + fuzzLists[which])
		return
	}
	if kind == 0 {
		w.other(fuzzOthers[which%len(fuzzOthers)])
		return
	}
	name := fuzzNames[which%len(fuzzNames)]
	sub := w.s.subs[name]
	if sub == nil || sub.gone || sub.conn == nil {
		return
	}
	to := connectivity.State(kind % 4)
	if kind >= 8 {
		if sub.state == connectivity.Ready && to != connectivity.Idle {
			w.s.doLine(name + " health " + to.String())
		}
		return
	}
	if canFollow(sub.state, to) {
		w.s.doLine(name + " " + to.String())
	}
}

// other handles one of fuzzOthers.
func (w *subchannels) other(event string) {
	switch event {
	case "gate on":
		w.gate = "gated "
	case "gate off":
		w.gate = ""
	default:
		w.s.doLine(event)
	}
}

// canFollow tells whether gRPC can report the state to after from. It does not
// require a call of Connect before CONNECTING, so it allows more than gRPC does.
func canFollow(from, to connectivity.State) bool {
	switch from {
	case connectivity.Idle:
		return to == connectivity.Connecting
	case connectivity.Connecting, connectivity.Ready:
		return to != from
	default:
		return to == connectivity.Idle
	}
}

func (w *subchannels) check() {
	t, m := w.s.t, &w.s.m
	ready := 0
	for _, sub := range m.subs {
		if sub == nil {
			continue
		}
		w.states[sub] = sub.state
		if sub.gone {
			t.Errorf("a subchannel that was shut down is still in the list")
		}
		if sub.state == connectivity.Ready {
			ready++
		}
	}
	if wantReady := map[bool]int{true: 1}[m.phase == chosen]; ready != wantReady {
		t.Errorf("in phase %d there are %d READY subchannels, want %d", m.phase, ready, wantReady)
	}
	if (len(m.addrs) == 0) != (m.phase == waiting) {
		t.Errorf("in phase %d there are %d addresses", m.phase, len(m.addrs))
	}
	if m.phase == racing && m.reporter.state != connectivity.Connecting && !m.reporter.sticky {
		t.Errorf("while racing, the last report is %v", m.reporter.state)
	}
	w.checkReports()
}

func (w *subchannels) checkReports() {
	t, m := w.s.t, &w.s.m
	for _, r := range w.s.reps[w.seen:] {
		switch {
		case r.state == connectivity.Ready && r.sub.state != connectivity.Ready:
			t.Errorf("READY was reported with a subchannel in %v", r.sub.state)
		case r.state == connectivity.TransientFailure && r.err == nil:
			t.Errorf("TRANSIENT_FAILURE was reported without an error")
		case r.state == connectivity.Connecting && w.failing && m.phase != chosen:
			t.Errorf("CONNECTING was reported after all addresses had failed and none was READY since")
		}
		w.failing = r.state == connectivity.TransientFailure && (m.phase == retrying || m.phase == racing)
	}
	w.seen = len(w.s.reps)
	if idle := m.phase == idle; idle != (w.seen > 0 && w.s.reps[w.seen-1].state == connectivity.Idle) {
		t.Errorf("in phase %d the last report is %v", m.phase, w.s.reps[w.seen-1].state)
	}
}
