package pickfirst2

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/connectivity"
)

// liveness finds out where a fair environment leads. If one address, up, accepts
// connections, then READY must follow; if none does, TRANSIENT_FAILURE. If up has not
// failed in this pass, READY must follow even if attempts at the others hang.
//
// The order of the steps and the speed of the actors must not matter. But an actor
// whose step is due all the time makes it at some time. A round ends when each actor
// whose step was due at the start has made it, or it is no longer due.
//
// The environment may stay for a while in a strongly connected component of the graph,
// but it can stay for ever only if rounds end there. That is a fault. visit finds the
// components as Tarjan does.
type liveness struct {
	nodes  []node
	up     int // place in the list, or noneUp
	hang   bool
	marks  map[vertex]*mark
	stack  []vertex
	rounds int // that it takes at most to the goal, from any node

	culprit int32 // the first node that is at fault, -1 if there is none
	fault   string
}

const noneUp = -1

// vertex is a node with a set of actors: those that the round waits for.
type vertex struct {
	node    int32
	pending uint8
}

type mark struct {
	number, low int
	done        bool
	rounds      int // to the goal, at most
}

func newLiveness(nodes []node, up int, hang bool) *liveness {
	return &liveness{nodes: nodes, up: up, hang: hang, marks: map[vertex]*mark{}, culprit: -1}
}

// check looks at the nodes whose list has the address up.
func (l *liveness) check() {
	for i := range l.nodes {
		n := int32(i)
		node := &l.nodes[n]
		if node.addrs <= l.up || l.hang && node.fresh>>l.up&1 == 0 || l.goal(n) {
			continue
		}
		v := vertex{n, l.due(n)}
		if v.pending == 0 {
			l.blame(n, "nothing more need happen")
		}
		if l.marks[v] == nil {
			l.visit(v)
		}
		l.rounds = max(l.rounds, l.marks[v].rounds)
	}
}

func (l *liveness) goal(n int32) bool {
	node := &l.nodes[n]
	failed := l.up == noneUp && node.reported == connectivity.TransientFailure
	return node.settled || node.reported == connectivity.Ready || failed
}

// steps returns the steps that are possible if only up accepts connections.
func (l *liveness) steps(n int32) []step {
	var steps []step
	for _, s := range l.nodes[n].steps {
		if !s.decisive || (s.state == connectivity.Ready) == (int(s.actor) == l.up) {
			steps = append(steps, s)
		}
	}
	return steps
}

// due returns the actors that have a step and must make it if it stays possible.
func (l *liveness) due(n int32) (actors uint8) {
	for _, s := range l.steps(n) {
		if !l.hang || !s.decisive || l.up == int(s.actor) {
			actors |= 1 << s.actor
		}
	}
	return actors
}

// follow returns where a step leads, and whether it ends the round.
func (l *liveness) follow(v vertex, s step) (to vertex, ends bool) {
	due := l.due(s.to)
	if pending := v.pending &^ (1 << s.actor) & due; pending != 0 {
		return vertex{s.to, pending}, false
	}
	return vertex{s.to, due}, true
}

func (l *liveness) visit(v vertex) {
	m := &mark{number: len(l.marks), low: len(l.marks)}
	l.marks[v] = m
	l.stack = append(l.stack, v)
	for _, s := range l.steps(v.node) {
		if l.goal(s.to) {
			continue
		}
		to, _ := l.follow(v, s)
		known := l.marks[to]
		if known == nil {
			l.visit(to)
			known = l.marks[to]
		}
		if !known.done {
			m.low = min(m.low, known.low)
		}
	}
	if m.low == m.number {
		start := slices.Index(l.stack, v)
		l.finish(l.stack[start:])
		l.stack = l.stack[:start]
	}
}

// finish handles a component. The others that it leads to are done.
func (l *liveness) finish(component []vertex) {
	rounds, forever := 0, false
	var inside []string
	for _, v := range component {
		for _, s := range l.steps(v.node) {
			if l.goal(s.to) {
				rounds = max(rounds, 1)
				continue
			}
			to, ends := l.follow(v, s)
			m := l.marks[to]
			switch {
			case !m.done:
				inside = append(inside, s.String())
				forever = forever || ends
			case ends:
				rounds = max(rounds, m.rounds+1)
			default:
				rounds = max(rounds, m.rounds)
			}
		}
	}
	for _, v := range component {
		l.marks[v].done, l.marks[v].rounds = true, rounds
		if forever {
			slices.Sort(inside)
			l.blame(v.node, "this may go on for ever: "+strings.Join(slices.Compact(inside), ", "))
		}
	}
}

func (l *liveness) blame(n int32, why string) {
	if l.culprit >= 0 && l.culprit <= n {
		return
	}
	l.culprit = n
	switch {
	case l.up == noneUp:
		l.fault = "TRANSIENT_FAILURE need not follow if no address accepts connections: " + why
	case l.hang:
		l.fault = fmt.Sprintf("READY need not follow if the address at place %d accepts connections and others hang: %s", l.up+1, why)
	default:
		l.fault = fmt.Sprintf("READY need not follow if the address at place %d accepts connections: %s", l.up+1, why)
	}
}
