package metrics_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics"
)

func endpoints(names ...string) balancer.ClientConnState {
	var s balancer.ClientConnState
	for _, name := range names {
		s.ResolverState.Endpoints = append(s.ResolverState.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: name}}})
	}
	return s
}

func TestResolverUpdatesTellWhichEndpointsCameAndWent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		p := m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
		many := make([]string, 30)
		for i := range many {
			many[i] = fmt.Sprint("m", i)
		}
		s := endpoints("a", "b", "c")
		update := func(s balancer.ClientConnState) {
			_ = p.UpdateClientConnState(s)
			time.Sleep(time.Minute)
		}
		update(s)
		update(s)                             // the same
		update(endpoints("c", "a", "b"))      // the same, in another order
		update(endpoints("c", "a", "b", "b")) // one more, of the same name
		update(endpoints("a", "x", "b", "c"))
		s.ResolverState.Endpoints[0].Addresses[0].Addr = "d"
		update(s) // in memory that the resolver has used again
		update(endpoints())
		update(endpoints(many...))
		update(balancer.ClientConnState{ResolverState: resolver.State{Addresses: []resolver.Address{{Addr: "x"}, {Addr: "m3"}}}})
		wantTexts(t, m,
			"resolver_update 2: +1 [x] -29 [m0 m1 m2 m4 m5 m6 m7 m8 m9 m10]",
			"resolver_update 30: +30 [m0 m1 m2 m3 m4 m5 m6 m7 m8 m9] -0 []",
			"resolver_update 0: +0 [] -3 [d b c]",
			"resolver_update 3: +1 [d] -2 [a x]",
			"resolver_update 4: +1 [x] -1 [b]",
			"resolver_update 4: +1 [b] -0 []",
			"resolver_update 3: +3 [a b c] -0 []",
			"instance_built",
		)
	})
}

// An update without endpoints, first of all, is an update.
func TestTheFirstResolverUpdateMayBeEmpty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		p := m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
		for range 2 {
			_ = p.UpdateClientConnState(endpoints())
		}
		wantTexts(t, m, "resolver_update 0: +0 [] -0 []", "instance_built")
	})
}
