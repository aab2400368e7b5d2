package pickfirst2

import (
	"errors"
	"slices"
	"strings"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

// event is something that gRPC or the resolver does to a machine.
type event struct {
	kind   eventKind
	update *resolverUpdate    // evUpdate
	refuse []string           // evRefuse
	addr   string             // evConnectivity, evHealth: of the SubConn
	index  int                // of that address in the machine's list
	state  connectivity.State // evConnectivity, evHealth
	stale  bool               // the SubConn was shut down
}

type eventKind uint8

const (
	evUpdate eventKind = iota
	evResolverError
	evExitIdle
	evTimer
	evClose
	evRefuse // from now on, only these addresses get no SubConn
	evConnectivity
	evHealth
)

// String returns the line of a script.
func (e event) String() string {
	switch e.kind {
	case evUpdate:
		return e.update.line
	case evResolverError:
		return "resolver error"
	case evExitIdle:
		return "exit idle"
	case evTimer:
		return "timer fires"
	case evClose:
		return "close"
	case evRefuse:
		return strings.TrimSpace("refuse " + strings.Join(e.refuse, " "))
	}
	words := []string{e.addr, e.state.String()}
	if e.kind == evHealth {
		words = slices.Insert(words, 1, "health")
	}
	if e.stale {
		words = slices.Insert(words, 0, "stale")
	}
	return strings.Join(words, " ")
}

// resolverUpdate is a line of a script, and the list that the machine gets.
type resolverUpdate struct {
	line  string
	addrs []resolver.Address
	gated bool
}

func newUpdate(line string) *resolverUpdate {
	e, err := script.Parse(line)
	if err != nil {
		panic(err)
	}
	return &resolverUpdate{line: line, addrs: addressList(e.Endpoints), gated: e.Gated}
}

func (u *resolverUpdate) lists(a resolver.Address) bool {
	return slices.ContainsFunc(u.addrs, func(b resolver.Address) bool { return sameAddress(a, b) })
}

// orders returns all lists of some of the names, in any order, the shortest first.
func orders(names ...string) []string {
	lists, longest := []string{""}, []string{""}
	for range names {
		var longer []string
		for _, list := range longest {
			for _, name := range names {
				if !strings.Contains(list, name) {
					longer = append(longer, strings.TrimSpace(list+" "+name))
				}
			}
		}
		lists, longest = append(lists, longer...), longer
	}
	return lists
}

// gatedAndNot returns updates of the lists, each with and without the health gate.
func gatedAndNot(lists []string) []string {
	var lines []string
	for _, list := range lists {
		lines = append(lines, strings.TrimSpace("update "+list), strings.TrimSpace("gated update "+list))
	}
	return lines
}

// subsets returns all sets of the names.
func subsets(names ...string) [][]string {
	sets := [][]string{nil}
	for _, name := range names {
		for _, set := range sets {
			sets = append(sets, append(slices.Clone(set), name))
		}
	}
	return sets
}

// events returns what can happen in the position: anytime, which does not depend on
// it, and more.
func (p *position) events(anytime []event) []event {
	buf := slices.Clone(anytime)
	buf = append(buf, event{kind: evResolverError}, event{kind: evExitIdle}, event{kind: evClose})
	if p.timing {
		buf = append(buf, event{kind: evTimer})
	}
	for i, sub := range p.m.subs {
		conn := connOf(sub)
		if conn == nil {
			continue
		}
		for _, state := range nextStates(sub.state, conn.asked || conn.again) {
			buf = append(buf, event{kind: evConnectivity, index: i, addr: conn.addr, state: state})
		}
		if conn.watched {
			for _, state := range healthStates {
				buf = append(buf, event{kind: evHealth, index: i, addr: conn.addr, state: state})
			}
		}
	}
	return buf
}

// healthStates are the updates that a health listener gets.
var healthStates = []connectivity.State{connectivity.Ready, connectivity.TransientFailure, connectivity.Connecting}

// staleEvents are the events of a SubConn that was shut down. gRPC may have had them
// under way.
var staleEvents = []event{
	{kind: evConnectivity, state: connectivity.Idle, stale: true},
	{kind: evConnectivity, state: connectivity.Connecting, stale: true},
	{kind: evConnectivity, state: connectivity.Ready, stale: true},
	{kind: evConnectivity, state: connectivity.TransientFailure, stale: true},
	{kind: evConnectivity, state: connectivity.Shutdown, stale: true},
	{kind: evHealth, state: connectivity.Connecting, stale: true},
	{kind: evHealth, state: connectivity.Ready, stale: true},
	{kind: evHealth, state: connectivity.TransientFailure, stale: true},
}

var errStale = errors.New("stale")

// nextStates returns the states that gRPC can report after from. IDLE follows
// CONNECTING if a connection is lost before gRPC has reported it. READY is followed
// by IDLE; gRFC A105 adds the others.
func nextStates(from connectivity.State, asked bool) []connectivity.State {
	switch {
	case from == connectivity.Connecting:
		return []connectivity.State{connectivity.Ready, connectivity.TransientFailure, connectivity.Idle}
	case from == connectivity.Ready:
		return []connectivity.State{connectivity.Idle, connectivity.TransientFailure, connectivity.Connecting}
	case from == connectivity.TransientFailure:
		return []connectivity.State{connectivity.Idle}
	case asked:
		return []connectivity.State{connectivity.Connecting}
	default:
		return nil
	}
}
