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

	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

// scripted runs a machine with the events of scripts. It carries out the effects as
// the shell does.
type scripted struct {
	t       testing.TB
	m       machine
	subs    map[string]*subchannel // by address; the newest one that was connected
	dropped map[string]*subchannel // by address; the last one that was shut down
	reps    []effect               // reports so far

	timing bool     // the timer is running
	refuse []string // addresses that get no SubConn
}

func newScripted(t testing.TB) *scripted {
	return &scripted{t: t, m: newMachine(), subs: map[string]*subchannel{}, dropped: map[string]*subchannel{}}
}

// do handles an event and returns the machine's effects, such as "report
// CONNECTING", "connect A" and "start timer". These events come in addition to those
// of package script:
//
//	refuse A B     from now on only these addresses get no SubConn; there may be none
//	timer fires    the delay before the next attempt is over
//	stale A READY  the SubConn to A that was shut down last changes its state
//	stale A health READY
//	               its health listener gets an update
func (s *scripted) do(e script.Event) []string {
	s.t.Helper()
	var out effects
	switch e.Kind {
	case script.Update:
		addrs := addressList(e.Endpoints)
		var reason error
		if len(addrs) == 0 {
			reason = errNoAddresses
		}
		s.m.onAddresses(&out, addrs, e.Gated, reason)
	case script.ResolverError:
		s.m.onResolverError(&out, errors.New("resolver down"))
	case script.ExitIdle:
		s.m.onExitIdle(&out)
	case script.Close:
		s.m.onClose(&out)
	case script.Connectivity:
		s.m.onConnectivity(&out, s.subs[e.Addr.Addr], e.State, causeOf(e))
	case script.Health:
		s.m.onHealth(&out, s.subs[e.Addr.Addr], e.State, errors.New("sick"))
	default:
		s.doOther(&out, e)
	}
	did := s.carryOut(&out)
	if due := s.m.phase == racing && s.m.next+1 < len(s.m.addrs); s.timing != due {
		s.t.Errorf("after %q in phase %d: the timer is running: %v, want %v", e, s.m.phase, s.timing, due)
	}
	return did
}

func (s *scripted) doOther(out *effects, e script.Event) {
	switch words := strings.Fields(e.String()); {
	case words[0] == "refuse":
		s.refuse = words[1:]
	case e.Words == "timer fires":
		s.timing = false
		s.m.onTimer(out)
	case words[0] == "stale" && len(words) > 2:
		s.doStale(out, words[1:])
	default:
		s.t.Fatalf("the machine has no event %q", e)
	}
}

// doStale handles an event of the SubConn to an address that was shut down last.
func (s *scripted) doStale(out *effects, words []string) {
	sub, state := s.dropped[words[0]], connectivity.Idle
	for state.String() != words[len(words)-1] && state < connectivity.Shutdown {
		state++
	}
	switch {
	case sub == nil:
		s.t.Fatalf("no SubConn to %s was shut down", words[0])
	case words[1] == "health":
		s.m.onHealth(out, sub, state, errors.New("sick"))
	default:
		s.m.onConnectivity(out, sub, state, fmt.Errorf("%s refused", words[0]))
	}
}

// doLine parses an event and calls do.
func (s *scripted) doLine(line string) []string {
	s.t.Helper()
	e, err := script.Parse(line)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(e)
}

func causeOf(e script.Event) error {
	if e.State != connectivity.TransientFailure {
		return nil
	}
	return fmt.Errorf("%s refused", e.Addr.Addr)
}

func (s *scripted) carryOut(out *effects) []string {
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
		case stopTimer: // not in the scripts: do checks whether the timer is running
			s.timing = false
		case report:
			s.reps = append(s.reps, e)
			text := "report " + e.state.String()
			if e.sub != nil {
				text += " " + s.name(e.sub)
			}
			if e.err != nil {
				text += " (" + e.err.Error() + ")"
			}
			words = append(words, text)
		}
	}
	for _, sub := range out.shutDowns {
		name := s.name(sub)
		s.dropped[name] = sub
		words = append(words, "shut down "+name)
	}
	return words
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
