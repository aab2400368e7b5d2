package priority

import (
	"slices"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

type orderKey struct{}

type groupKey struct{}

// order is the value of an attribute. Its method Equal lets gRPC and base2 see that an
// update has not changed it.
type order []string

// Equal implements what gRPC's package attributes looks for.
func (o order) Equal(other any) bool {
	p, ok := other.(order)
	return ok && slices.Equal(o, p)
}

// SetOrder returns the resolver state with the order of the groups, the preferred one
// first.
func SetOrder(s resolver.State, groups ...string) resolver.State {
	s.Attributes = s.Attributes.WithValue(orderKey{}, order(slices.Clone(groups)))
	return s
}

// SetGroup returns the endpoint as one of the group.
func SetGroup(e resolver.Endpoint, group string) resolver.Endpoint {
	e.Attributes = e.Attributes.WithValue(groupKey{}, group)
	return e
}

type endpointStatus = base2.Status[struct{}]

// groupsOf returns the endpoints by groups, in the order of preference. Each group has
// an endpoint.
func groupsOf(view base2.View[struct{}], prefer string) [][]endpointStatus {
	names, _ := view.Attributes().Value(orderKey{}).(order)
	if prefer != "" {
		names = slices.Concat(order{prefer}, names)
	}
	groups := make([][]endpointStatus, len(names)+1)
	for e := range view.All() {
		name, _ := e.Attributes.Value(groupKey{}).(string)
		rank := slices.Index(names, name)
		if rank < 0 {
			rank = len(names)
		}
		groups[rank] = append(groups[rank], e)
	}
	return slices.DeleteFunc(groups, func(g []endpointStatus) bool { return len(g) == 0 })
}

// firstReady returns the index of the first group that has READY endpoints, and these.
func firstReady(groups [][]endpointStatus) (at int, ready []balancer.SubConn) {
	for at, group := range groups {
		for _, e := range group {
			if e.State == connectivity.Ready {
				ready = append(ready, e.SubConn)
			}
		}
		if len(ready) > 0 {
			return at, ready
		}
	}
	return 0, nil
}

// connectFirst has the first n groups connect, and the others disconnect.
func connectFirst(n int, groups [][]endpointStatus) {
	for i, group := range groups {
		for _, e := range group {
			switch idle := e.State == connectivity.Idle; {
			case i < n && idle:
				e.Endpoint.Connect()
			case i >= n && !idle:
				e.Endpoint.Disconnect()
			}
		}
	}
}

// picker picks the endpoints of one group in turn.
type picker struct {
	ready []balancer.SubConn
	turn  *atomic.Uint32 // of the policy, so that a new picker goes on with it
}

// Pick implements [balancer.Picker].
func (p *picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.ready[p.turn.Add(1)%uint32(len(p.ready))]}, nil
}
