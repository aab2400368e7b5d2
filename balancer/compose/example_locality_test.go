package compose_test

import (
	"fmt"
	"math/rand/v2"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/compose"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// locality is an attribute of endpoints.
type locality struct {
	name   string
	weight int
}

type localityKey struct{}

func localityOf(e resolver.Endpoint) locality {
	l, _ := e.Attributes.Value(localityKey{}).(locality)
	return l
}

// localities is a policy that chooses a locality by weight. There is a child for each
// locality, which chooses among the endpoints.
type localities struct {
	weights map[string]int // of the last update, by name
}

func newLocalities(*compose.Instance) compose.Splitter {
	l := &localities{}
	return compose.Splitter{Update: l.update, State: l.state}
}

// update makes one child per locality.
func (l *localities) update(s balancer.ClientConnState) ([]compose.Child, error) {
	l.weights = make(map[string]int)
	groups := make(map[string][]resolver.Endpoint)
	var names []string // in the resolver's order
	for _, e := range s.ResolverState.Endpoints {
		loc := localityOf(e)
		if groups[loc.name] == nil {
			names = append(names, loc.name)
		}
		groups[loc.name] = append(groups[loc.name], e)
		l.weights[loc.name] = max(loc.weight, 1)
	}
	var children []compose.Child
	for _, name := range names {
		c := compose.Child{Name: name, Builder: roundrobin2.NewBuilder(), ClientConnState: s}
		c.ResolverState.Endpoints = groups[name]
		children = append(children, c)
	}
	return children, nil
}

// state takes the best state of a child, and sends RPCs to all children that are in it.
func (l *localities) state(children []compose.ChildState) balancer.State {
	for _, state := range []connectivity.State{connectivity.Ready, connectivity.Connecting, connectivity.Idle, connectivity.TransientFailure} {
		p := &localityPicker{}
		for _, c := range children {
			if c.ConnectivityState == state {
				p.add(c.Picker, l.weights[c.Name])
			}
		}
		if p.total > 0 {
			return balancer.State{ConnectivityState: state, Picker: p}
		}
	}
	panic("localities: no child has a state")
}

// localityPicker chooses the i-th child if the random number is less than limits[i], and
// no less than the limits before.
type localityPicker struct {
	pickers []balancer.Picker
	limits  []int
	total   int
}

func (p *localityPicker) add(child balancer.Picker, weight int) {
	p.total += weight
	p.pickers, p.limits = append(p.pickers, child), append(p.limits, p.total)
}

func (p *localityPicker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	n := rand.IntN(p.total)
	i := 0
	for n >= p.limits[i] {
		i++
	}
	return p.pickers[i].Pick(info)
}

// Two localities, of which one gets about nine times as many RPCs as the other.
func ExampleSplit() {
	balancer.Register(compose.Split("localities", newLocalities))

	near, far := newServer("near", nil), newServer("far", nil)
	near.locality, far.locality = locality{"eu", 9}, locality{"us", 1}
	conn, stop := dial("localities", near, far)
	defer stop()
	got := make(map[string]int)
	for connected := false; !connected || got["near"] < 90; {
		name, err := call(conn)
		if err != nil {
			fmt.Println(err)
			return
		}
		got[name]++
		if !connected && len(got) == 2 {
			connected = true
			clear(got) // what came before went to the locality that was connected first
		}
	}
	fmt.Println("near gets more:", got["near"] > got["far"])
	// Output: near gets more: true
}
