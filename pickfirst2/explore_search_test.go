package pickfirst2

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/connectivity"
)

// exploration says what can happen to a machine.
type exploration struct {
	name     string
	updates  []string   // lines of scripts
	refusals [][]string // sets of addresses to which gRPC may refuse to make SubConns
	named    bool       // tell positions apart by the names of addresses: the updates would be others under other names
	errs     bool       // tell positions apart by which errors there are
	late     bool       // a second call of Connect may have its effect late: gRPC connects on another goroutine
}

// tooDeep is more than the depth of any exploration.
const tooDeep = 100

// search visits positions, breadth first.
type search struct {
	exploration
	anytime     []event // can happen in each position
	nodes       []node  // the positions found, in the order of their depths
	known       map[string]int32
	transitions int
	depth       int // events to the last position found
	rounds      int // at most, to READY or TRANSIENT_FAILURE in a fair environment
}

// node is a position that was found.
type node struct {
	parent   int32
	by       event // led here from parent
	addrs    int   // length of the list
	fresh    uint8 // the addresses that have not failed in this pass
	reported connectivity.State
	settled  bool // closed, or the resolver has not answered
	steps    []step
}

func newSearch(x exploration) *search {
	s := &search{exploration: x, known: map[string]int32{}}
	for _, line := range x.updates {
		s.anytime = append(s.anytime, event{kind: evUpdate, update: newUpdate(line)})
	}
	for _, addrs := range x.refusals {
		s.anytime = append(s.anytime, event{kind: evRefuse, refuse: addrs})
	}
	return s
}

// run returns a fault, and the events that lead to it.
func (s *search) run() (fault string, script []event) {
	start := newPosition(s.late)
	s.find(start, -1, event{})
	first, level := int32(0), []*position{start} // first is the node of level[0]
	for ; len(level) > 0; s.depth++ {
		if s.depth > tooDeep {
			return "there is no end of new positions", s.path(first)
		}
		var next []*position
		for i, p := range level {
			found, fault, script := s.expand(p, first+int32(i))
			if fault != "" {
				return fault, script
			}
			next = append(next, found...)
		}
		first += int32(len(level))
		level = next
	}
	return s.livenessFault()
}

// expand has everything happen that can happen in a position. It returns the new
// positions that it leads to, or a fault.
func (s *search) expand(p *position, n int32) (found []*position, fault string, script []event) {
	for _, e := range p.events(s.anytime) {
		s.transitions++
		t := transition{before: p, after: p.clone(), event: e}
		if fault, shownBy := t.run(); fault != "" {
			return nil, fault, append(s.path(n), shownBy...)
		}
		to, isNew := s.find(t.after, n, e)
		if isNew {
			found = append(found, t.after)
		}
		if step, ok := p.fairStep(e); ok {
			step.to = to
			s.nodes[n].steps = append(s.nodes[n].steps, step)
		}
	}
	return found, "", nil
}

// find returns the node of a position, and whether it is new.
func (s *search) find(p *position, from int32, by event) (n int32, found bool) {
	key := p.key(s.named, s.errs)
	if n, ok := s.known[key]; ok {
		return n, false
	}
	n = int32(len(s.nodes))
	s.known[key] = n
	s.nodes = append(s.nodes, node{
		parent: from, by: by, addrs: len(p.m.addrs), fresh: p.fresh(), reported: p.last.state,
		settled: p.m.phase == closed || !p.answered,
	})
	return n, true
}

// path returns the events that led to a node.
func (s *search) path(n int32) []event {
	node := &s.nodes[n]
	if node.parent < 0 {
		return nil
	}
	return append(s.path(node.parent), node.by)
}

func (s *search) livenessFault() (fault string, script []event) {
	for up := noneUp; up < mostAddresses; up++ {
		for _, hang := range []bool{false, true} {
			if hang && up == noneUp {
				continue
			}
			l := newLiveness(s.nodes, up, hang)
			l.check()
			if l.fault != "" {
				return l.fault, s.path(l.culprit)
			}
			s.rounds = max(s.rounds, l.rounds)
		}
	}
	return "", nil
}

// scriptOf writes events as a script for testdata/machine, with the effects.
func scriptOf(t testing.TB, comment string, events []event) string {
	s := newScripted(silent{t})
	lines := []string{"# " + comment, ""}
	for _, e := range events {
		lines = append(lines, e.String())
		for _, effect := range s.doOrPanic(e.String()) {
			lines = append(lines, "\t"+effect)
		}
	}
	return strings.Join(lines, "\n")
}

func (s *scripted) doOrPanic(line string) (effects []string) {
	defer func() {
		if r := recover(); r != nil {
			effects = []string{fmt.Sprint("panic: ", r)}
		}
	}()
	return s.doLine(line)
}

// silent hides what scripted finds wrong, because the search has found it.
type silent struct{ testing.TB }

func (silent) Errorf(string, ...any) {}
