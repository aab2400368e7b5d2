package conformance_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

// intended knows the differences from grpc-go's policies that are meant. Any
// other is a failure.
type intended struct {
	// After all addresses have failed and a new list has come, grpc-go reports
	// CONNECTING when an address that was not in the old list begins to
	// connect. gRFC A62 asks for TRANSIENT_FAILURE until a connection is READY,
	// which is what pick_first2 reports. They differ from then until one is, or
	// until the attempts have failed.
	stickierAllowed, stickier bool

	// While attempts are under way, grpc-go begins anew at the first address on
	// each resolver update; when they come often, it never gets to the second.
	// pick_first2 goes on if that concerns none of the addresses that it has
	// begun with. So where the list stays the same, ours must do as grpc-go's
	// does that has not heard of the update. Where only others change, the two
	// cannot be compared, and random scripts do without such updates.
	last      script.Event // the one that ours got last
	anewAfter bool         // it came when all addresses had failed: a pass may be under way
}

// allows tells whether want, of grpc-go's policy, and got, of ours, are alike
// but for what is intended.
func (d *intended) allows(e script.Event, want, got observation) bool {
	if d.stickierAllowed && !d.stickier && e.Kind == script.Connectivity && e.State == connectivity.Connecting {
		d.stickier = want.State == connectivity.Connecting && got.State == connectivity.TransientFailure
	}
	if !d.stickier {
		return want == got
	}
	alike := want.Made == got.Made && want.SubConns == got.SubConns
	if want.State == got.State {
		d.stickier = false
		return alike && want.Picks == got.Picks
	}
	return alike && want.State == connectivity.Connecting && got.State == connectivity.TransientFailure
}

// goesOn tells whether the update is one of those on which pick_first2 goes on,
// or may be. If it is for ours alone, the two policies can be compared.
func (d *intended) goesOn(u script.Event, theirs *side) (goesOn, oursAlone bool) {
	if theirs.name == roundrobin.Name {
		return slices.ContainsFunc(u.Endpoints, func(e resolver.Endpoint) bool {
			return d.endpointGoesOn(e, theirs)
		}), false
	}
	if len(d.last.Endpoints) == 0 || !anyUnderWay(theirs.cc.Live()) {
		return false, false
	}
	addrs, before := addressesIn(u.Endpoints...), addressesIn(d.last.Endpoints...)
	switch {
	case slices.EqualFunc(addrs, before, sameAddress):
		return true, u.Gated == d.last.Gated
	case theirs.last == connectivity.Connecting || d.anewAfter:
		return len(addrs) > 0 && sameAddress(addrs[0], before[0]), false
	default:
		return false, false
	}
}

// endpointGoesOn is goesOn for one child of round_robin. With one address there
// is nothing to begin anew.
func (d *intended) endpointGoesOn(e resolver.Endpoint, theirs *side) bool {
	addrs := addressesIn(e)
	kept := slices.ContainsFunc(d.last.Endpoints, func(old resolver.Endpoint) bool {
		return slices.EqualFunc(addressesIn(old), addrs, sameAddress)
	})
	own := slices.DeleteFunc(theirs.cc.Live(), func(sc *balancertest.SubConn) bool {
		return !slices.ContainsFunc(addrs, func(a resolver.Address) bool { return sameAddress(a, sc.Address()) })
	})
	return kept && len(addrs) > 1 && anyUnderWay(own)
}

// note takes an update that both policies, or ours, have got.
func (d *intended) note(u script.Event, state connectivity.State) {
	d.anewAfter = state == connectivity.TransientFailure && (d.anewAfter || len(d.last.Endpoints) > 0)
	d.last = u
}

// anyUnderWay tells whether attempts are: no connection is made, and not all are
// in backoff.
func anyUnderWay(conns []*balancertest.SubConn) bool {
	some := false
	for _, sc := range conns {
		if sc.State() == connectivity.Ready {
			return false
		}
		some = some || sc.State() != connectivity.TransientFailure
	}
	return some
}

// addressesIn returns the addresses of the endpoints in order, each once.
func addressesIn(endpoints ...resolver.Endpoint) []resolver.Address {
	var addrs []resolver.Address
	for _, e := range endpoints {
		for _, a := range e.Addresses {
			if !slices.ContainsFunc(addrs, func(b resolver.Address) bool { return sameAddress(a, b) }) {
				addrs = append(addrs, a)
			}
		}
	}
	return addrs
}

func sameAddress(a, b resolver.Address) bool {
	return a.Addr == b.Addr && a.ServerName == b.ServerName && a.Attributes.Equal(b.Attributes)
}

// mayExitIdle tells whether the two policies can be compared after ExitIdle.
// Before anything is known of the endpoints grpc-go's round_robin reports
// TRANSIENT_FAILURE then, because it has none, and RPCs fail that should wait for
// the resolver. round_robin2 does nothing.
func (s *side) mayExitIdle() bool {
	return s.name != roundrobin.Name || len(s.cc.States()) > 0
}

// TestGRPCsRoundRobinFailsEarly shows the difference on which mayExitIdle rests.
func TestGRPCsRoundRobinFailsEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newComparison(t, pairs[1], false)
		defer c.close()
		for _, x := range []*side{c.theirs, c.ours} {
			x.policy.ExitIdle()
		}
		theirs, ours := c.theirs.cc.State().ConnectivityState, c.ours.cc.State().ConnectivityState
		if theirs != connectivity.TransientFailure || ours != connectivity.Connecting {
			t.Errorf("after ExitIdle before any update: grpc-go %v, balancer2 %v, want TRANSIENT_FAILURE and CONNECTING", theirs, ours)
		}
	})
}

// TestOftenUpdatedGRPCStaysAtTheFirstAddress shows the difference on which
// intended.goesOn rests. Once grpc-go does better, that can go.
func TestOftenUpdatedGRPCStaysAtTheFirstAddress(t *testing.T) {
	t.Parallel()
	for name, others := range map[string][]string{
		"the same list":  {"c:1"},
		"a changed list": {"c:1", "d:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newComparison(t, pairs[0], false)
				defer c.close()
				for i := range 20 {
					for _, x := range []*side{c.theirs, c.ours} {
						_ = x.policy.Update(balancertest.Endpoints("a:1", "b:1", others[i%len(others)])...)
					}
					time.Sleep(100 * time.Millisecond)
				}
				if made := len(c.theirs.cc.SubConns()); made != 1 {
					t.Errorf("grpc-go's policy tried %d addresses in 2s, want 1", made)
				}
				if made := len(c.ours.cc.SubConns()); made < 2 {
					t.Errorf("pick_first2 tried %d addresses in 2s, want 2 at least", made)
				}
			})
		})
	}
}
