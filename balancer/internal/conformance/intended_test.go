package conformance_test

import (
	"errors"
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

// intended recognizes the intended differences from grpc-go's policies. Any other
// difference fails the test.
type intended struct {
	// First difference. All addresses have failed, and an update brings a new list.
	// When an address that was not in the old list starts to connect, grpc-go reports
	// CONNECTING. pick_first2 reports TRANSIENT_FAILURE until a connection is READY,
	// as gRFC A62 says. The difference ends then, or when all attempts have failed.
	stickierAllowed, stickier bool

	// Second difference. During connection attempts, grpc-go starts again at the first
	// address on each resolver update. If updates come often, it never tries the
	// second. pick_first2 continues if the update changes none of the addresses that
	// it has tried. If the list is the same, ours must behave like a policy of grpc-go
	// that does not get the update. If the update changes addresses that were not yet
	// tried, the policies cannot be compared: random scripts omit such updates.
	last               script.Event // the last update
	restartedInFailure bool         // the last update came when all addresses had failed, so attempts may be running

	// Third difference, which needs no field. With connection scaling (gRFC A105) a
	// SubConn may go from READY to CONNECTING or to TRANSIENT_FAILURE. grpc-go's
	// pick_first is IDLE then, as after any loss, and waits for an RPC. pick_first2 is
	// CONNECTING and starts a new pass, as the gRFC says. No version of grpc-go has
	// connection scaling yet, so scripts have no such changes.
}

// allows reports whether want, of grpc-go's policy, and got, of ours, differ only as
// intended.
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

// continues reports whether pick_first2 may continue its attempts after the update.
// If so, oursAlone reports whether the policies can still be compared, by sending
// the update only to ours.
func (d *intended) continues(u script.Event, theirs *side) (continues, oursAlone bool) {
	if theirs.name == roundrobin.Name {
		return slices.ContainsFunc(u.Endpoints, func(e resolver.Endpoint) bool {
			return d.endpointContinues(e, theirs)
		}), false
	}
	if len(d.last.Endpoints) == 0 || !anyAttemptRunning(theirs.cc.Live()) {
		return false, false
	}
	addrs, before := addressesIn(u.Endpoints...), addressesIn(d.last.Endpoints...)
	switch {
	case slices.EqualFunc(addrs, before, equalAddresses):
		return true, u.Gated == d.last.Gated
	case theirs.last == connectivity.Connecting || d.restartedInFailure:
		return len(addrs) > 0 && equalAddresses(addrs[0], before[0]), false
	default:
		return false, false
	}
}

// endpointContinues is continues for one child of round_robin. For a child with one
// address, starting again makes no difference.
func (d *intended) endpointContinues(e resolver.Endpoint, theirs *side) bool {
	addrs := addressesIn(e)
	kept := slices.ContainsFunc(d.last.Endpoints, func(old resolver.Endpoint) bool {
		return slices.EqualFunc(addressesIn(old), addrs, equalAddresses)
	})
	ofEndpoint := slices.DeleteFunc(theirs.cc.Live(), func(sc *balancertest.SubConn) bool {
		return !slices.ContainsFunc(addrs, func(a resolver.Address) bool { return equalAddresses(a, sc.Address()) })
	})
	return kept && len(addrs) > 1 && anyAttemptRunning(ofEndpoint)
}

// recordUpdate records an update before our policy gets it.
func (d *intended) recordUpdate(u script.Event, state connectivity.State) {
	d.restartedInFailure = state == connectivity.TransientFailure && (d.restartedInFailure || len(d.last.Endpoints) > 0)
	d.last = u
}

// anyAttemptRunning reports whether a policy with these SubConns is connecting: none
// is READY, and not all are in backoff.
func anyAttemptRunning(conns []*balancertest.SubConn) bool {
	some := false
	for _, sc := range conns {
		if sc.State() == connectivity.Ready {
			return false
		}
		some = some || sc.State() != connectivity.TransientFailure
	}
	return some
}

// addressesIn returns the addresses of the endpoints in order, without duplicates.
func addressesIn(endpoints ...resolver.Endpoint) []resolver.Address {
	var addrs []resolver.Address
	for _, e := range endpoints {
		for _, a := range e.Addresses {
			if !slices.ContainsFunc(addrs, func(b resolver.Address) bool { return equalAddresses(a, b) }) {
				addrs = append(addrs, a)
			}
		}
	}
	return addrs
}

func equalAddresses(a, b resolver.Address) bool {
	return a.Addr == b.Addr && a.ServerName == b.ServerName && a.Attributes.Equal(b.Attributes)
}

// TestOftenUpdatedGRPCStaysAtTheFirstAddress shows the difference that is the reason
// for intended.continues. If it fails with a new grpc-go, remove continues.
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
					t.Errorf("pick_first2 tried %d addresses in 2s, want at least 2", made)
				}
			})
		})
	}
}

// TestAfterALossInAnAttemptGRPCIsIdle shows the third difference. If it fails with a new
// grpc-go, allow such changes in scripts: see [balancertest.ClientConn.SetConnectionScaling].
func TestAfterALossInAnAttemptGRPCIsIdle(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*balancertest.SubConn){
		"while connecting": (*balancertest.SubConn).Connecting,
		"in backoff":       func(sc *balancertest.SubConn) { sc.Fail(errors.New("refused")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newComparison(t, pairs[0], false)
			defer c.close()
			for x, want := range map[*side]connectivity.State{c.theirs: connectivity.Idle, c.ours: connectivity.Connecting} {
				x.cc.SetConnectionScaling(true)
				_ = x.policy.Update(balancertest.Endpoints("a:1", "b:1")...)
				x.cc.SubConn("a:1").Ready()
				lose(x.cc.SubConn("a:1"))
				if got := x.cc.State().ConnectivityState; got != want {
					t.Errorf("%s is %v, want %v", x.name, got, want)
				}
			}
		})
	}
}
