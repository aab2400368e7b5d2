package pickfirst2

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// scripted runs a machine by events in words and tells its effects in words, as
// the shell would carry them out.
type scripted struct {
	t    testing.TB
	m    machine
	gate bool
	subs map[string]*subchannel // the latest that was connected, by address
	reps []effect               // reports so far

	timing bool     // the delay before the next attempt runs
	refuse []string // addresses that get no SubConn
}

func newScripted(t testing.TB) *scripted {
	return &scripted{t: t, m: newMachine(), subs: map[string]*subchannel{}}
}

// do takes one of
//
//	addresses A B C      a resolver update; "addresses" alone has none
//	gate on, gate off    whether later resolver updates ask for the health gate
//	refuse A B           which addresses get no SubConn from now on; alone: none
//	resolver error
//	A CONNECTING         a state change of the subchannel to A
//	health A READY       a health update of it
//	delay over
//	exit idle
//	close
//
// and returns the effects, such as "report CONNECTING; connect A; start timer".
func (s *scripted) do(event string) string {
	var out effects
	words := strings.Fields(event)
	switch {
	case words[0] == "addresses":
		var reason error
		if len(words) == 1 {
			reason = errNoAddresses
		}
		s.m.onAddresses(&out, scriptAddresses(words[1:]), s.gate, reason)
	case words[0] == "gate":
		s.gate = words[1] == "on"
	case words[0] == "refuse":
		s.refuse = words[1:]
	case event == "resolver error":
		s.m.onResolverError(&out, errors.New("resolver down"))
	case event == "delay over":
		s.timing = false
		s.m.onDelayOver(&out)
	case event == "exit idle":
		s.m.onExitIdle(&out)
	case event == "close":
		s.m.onClose(&out)
	case words[0] == "health":
		s.m.onHealth(&out, s.subs[words[1]], stateNamed(s.t, words[2]), errors.New("sick"))
	default:
		s.m.onConnectivity(&out, s.subs[words[0]], stateNamed(s.t, words[1]), s.causeOf(words))
	}
	told := s.carryOut(&out)
	if due := s.m.phase == racing && s.m.next+1 < len(s.m.addrs); s.timing != due {
		s.t.Errorf("after %q in phase %d: the delay runs: %v, want %v", event, s.m.phase, s.timing, due)
	}
	return told
}

func (s *scripted) causeOf(words []string) error {
	if words[1] != connectivity.TransientFailure.String() {
		return nil
	}
	return fmt.Errorf("%s refused", words[0])
}

func (s *scripted) carryOut(out *effects) string {
	var words []string
	for i := 0; i < len(out.list); i++ {
		switch e := out.list[i]; e.kind {
		case connect:
			words = append(words, s.connect(out, e.sub))
		case watchHealth:
			words = append(words, "watch health of "+s.name(e.sub))
		case startTimer:
			s.timing = true
			words = append(words, "start timer")
		case stopTimer: // not worth telling each time: do checks whether the delay runs
			s.timing = false
		case report:
			s.reps = append(s.reps, e)
			text := "report " + e.state.String()
			if e.sub != nil {
				text += " " + s.name(e.sub)
			}
			if e.err != nil {
				text += " (" + strings.TrimPrefix(e.err.Error(), Name+": ") + ")"
			}
			words = append(words, text)
		}
	}
	for _, sub := range out.shutDowns {
		words = append(words, "shut down "+s.name(sub))
	}
	return strings.Join(words, "; ")
}

func (s *scripted) connect(out *effects, sub *subchannel) string {
	addr := s.m.addrs[sub.index].Addr
	s.subs[addr] = sub
	if sub.conn == nil && slices.Contains(s.refuse, addr) {
		s.m.onConnectivity(out, sub, connectivity.TransientFailure, errors.New("no SubConn"))
		return "refuse " + addr
	}
	sub.conn = struct{ balancer.SubConn }{}
	return "connect " + addr
}

func (s *scripted) name(sub *subchannel) string {
	for addr, known := range s.subs {
		if known == sub {
			return addr
		}
	}
	s.t.Errorf("effect on a subchannel that was never connected: %+v", sub)
	return "?"
}

func scriptAddresses(names []string) []resolver.Address {
	var addrs []resolver.Address
	for _, n := range names {
		addrs = append(addrs, resolver.Address{Addr: n})
	}
	return addrs
}

func stateNamed(t testing.TB, name string) connectivity.State {
	for s := connectivity.Idle; s <= connectivity.Shutdown; s++ {
		if s.String() == name {
			return s
		}
	}
	t.Fatalf("no connectivity state is called %q", name)
	return 0
}
