package base2

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// exploration says what can happen to a policy.
type exploration struct {
	name           string
	endpoints      int  // most that are listed
	reorders       bool // updates may list endpoints in another order
	resolverErrors bool
	stale          bool // changes of SubConns may come after updates that drop their endpoints
	young          bool // connections may be lost as soon as they are made, else they live for a second; attempts fail with several errors
	health         bool // endpoints are READY only if they are healthy
	everyState     bool // WithEveryState
	small          bool // no Close; updates add or drop one endpoint at most; errorChanged makes no other position
}

// longestWalk bounds the events of one system, which remembers each SubConn.
const longestWalk = 100

// search visits positions. A policy cannot be copied. So the search walks from position to
// position, and begins again at the start when there is nothing to explore nearby.
type search struct {
	exploration
	breadthFirst bool // slow: it seldom can walk on
	tb           testing.TB
	nodes        []*node // the positions found; if breadthFirst, in the order of their depths
	known        map[string]*node
	transitions  int
	events       int // that the policies took in all
	steps        int // that an endpoint makes at most, to READY or TRANSIENT_FAILURE in a fair environment

	sys    *system
	at     *node // where sys is
	walked int   // events that sys took
}

// node is a position that was found.
type node struct {
	parent     *node
	by         event // led here from parent
	depth      int   // if not breadthFirst, there may be a shorter way
	unexplored []event
	edges      []edge
	endpoints  []modelEndpoint
}

// edge is a transition. Endpoints may have other numbers after it.
type edge struct {
	event event
	to    *node
	moved []int // by number before: the number after, -1 if the endpoint is gone
}

func newSearch(tb testing.TB, x exploration, breadthFirst bool) *search {
	return &search{exploration: x, breadthFirst: breadthFirst, tb: tb, known: map[string]*node{}}
}

// run returns a fault, and the events that lead to it.
func (s *search) run() (fault string, events []event) {
	s.restart()
	for i := 0; i < len(s.nodes); i++ {
		n := s.nodes[i]
		for len(n.unexplored) > 0 {
			if !s.goTo(n) {
				return "the policy does not always do the same", n.path()
			}
			if fault, events := s.explore(n); fault != "" {
				return fault, events
			}
		}
	}
	s.sys.close()
	return s.livenessFault()
}

// restart begins with a new policy.
func (s *search) restart() {
	if s.sys != nil {
		s.sys.close()
	}
	s.sys, s.walked = newSystem(s.tb, s.exploration), 0
	s.at = s.find(nil, event{})
}

// open tells whether the position is one to explore, when it is n's turn.
func (s *search) open(at, n *node) bool {
	return len(at.unexplored) > 0 && (!s.breadthFirst || at.depth == n.depth)
}

// explore has events happen that have not been explored, for as long as the policy is in
// an open position.
func (s *search) explore(turn *node) (fault string, events []event) {
	for s.open(s.at, turn) && s.walked < longestWalk {
		n := s.at
		e := n.unexplored[len(n.unexplored)-1]
		n.unexplored = n.unexplored[:len(n.unexplored)-1]
		s.transitions++
		before := s.sys.inOrder()
		s.take(e)
		synctest.Wait()
		if fault := s.sys.fault(e); fault != "" {
			return fault, append(n.path(), e)
		}
		s.at = s.find(n, e)
		n.edges = append(n.edges, edge{e, s.at, moved(before, s.sys.inOrder())})
	}
	return "", nil
}

func (s *search) take(e event) {
	s.walked++
	s.events++
	s.sys.apply(e)
}

// find returns the node of the position that the policy is in.
func (s *search) find(from *node, by event) *node {
	key := s.sys.key()
	if n := s.known[key]; n != nil {
		if from != nil && from.depth+1 < n.depth {
			n.parent, n.by, n.depth = from, by, from.depth+1
		}
		return n
	}
	n := &node{parent: from, by: by}
	if from != nil {
		n.depth = from.depth + 1
	}
	if !s.sys.model.closed {
		n.unexplored = s.exploration.events(s.sys.model, s.sys.ranks)
	}
	for _, e := range s.sys.inOrder() {
		n.endpoints = append(n.endpoints, *e)
	}
	s.known[key] = n
	s.nodes = append(s.nodes, n)
	return n
}

// goTo brings the policy to an open position: one nearby, or n. It reports whether that
// was possible.
func (s *search) goTo(n *node) bool {
	way := s.nearby(n)
	if way == nil || s.walked+len(way) >= longestWalk {
		s.restart()
		way = n.path()
	}
	for _, e := range way {
		s.take(e)
		s.at = s.known[s.sys.key()]
	}
	return s.at != nil && s.open(s.at, n)
}

// nearby returns up to two events that lead to an open position, or nil.
func (s *search) nearby(n *node) []event {
	if s.open(s.at, n) {
		return []event{}
	}
	for _, first := range s.at.edges {
		if s.open(first.to, n) {
			return []event{first.event}
		}
	}
	for _, first := range s.at.edges {
		for _, second := range first.to.edges {
			if s.open(second.to, n) {
				return []event{first.event, second.event}
			}
		}
	}
	return nil
}

// path returns the events that led to the node.
func (n *node) path() []event {
	if n.parent == nil {
		return nil
	}
	return append(n.parent.path(), n.by)
}

// scriptOf writes events as a script, with what gRPC sees after each.
func (s *search) scriptOf(comment string, events []event) string {
	sys := newSystem(s.tb, s.exploration)
	lines := []string{"# " + comment, ""}
	for _, e := range events {
		sys.key() // sets ranks
		lines = append(lines, e.inOrder(sys.ranks).lines(sys.model.names())...)
		sys.apply(e)
		lines = append(lines, "\t"+sys.what())
		synctest.Wait()
		if _, fault := sys.did(); fault != "" {
			lines = append(lines, "\t"+fault)
		}
	}
	return strings.Join(lines, "\n")
}

func (s *search) String() string {
	return fmt.Sprintf("%d positions, %d transitions, for which policies took %d events; at most %d steps of an endpoint to READY or TRANSIENT_FAILURE",
		len(s.nodes), s.transitions, s.events, s.steps)
}
