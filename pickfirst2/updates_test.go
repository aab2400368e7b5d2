package pickfirst2_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// often is a time between resolver updates that is shorter than the delay between
// two attempts.
const often = 100 * time.Millisecond

// The first address does not answer, and the resolver keeps sending updates.
func TestFrequentUpdatesDoNotHoldUpTheSecondAddress(t *testing.T) {
	t.Parallel()
	others := map[string][]string{
		"the same list":                 {"c:1"},
		"another endpoint each time":    {"c:1", "d:1", "e:1"},
		"another endpoint now and then": {"c:1", "", "d:1"},
	}
	for name, others := range others {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cc, p := build(t)
				start := time.Now()
				for i := 0; len(cc.Live()) < 2 && i < 100; i++ {
					list := balancertest.Endpoints("a:1", "b:1")
					if other := others[i%len(others)]; other != "" {
						list = append(list, balancertest.Endpoint(other))
					}
					mustUpdate(t, p, list...)
					for range often / time.Millisecond {
						if len(cc.Live()) < 2 {
							advance(time.Millisecond)
						}
					}
				}
				if took := time.Since(start); took != 250*time.Millisecond {
					t.Errorf("the second attempt began after %v, want 250ms", took)
				}
				cc.SubConn("b:1").Ready()
			})
		})
	}
}

// After the first pass, one address does not answer. The other one must be tried
// again after each backoff.
func TestFrequentUpdatesDoNotHoldUpAnAddressThatBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		list := balancertest.Endpoints("a:1", "b:1")
		mustUpdate(t, p, list...)
		a := cc.SubConn("a:1")
		a.Fail(errors.New("refused"))
		b := cc.SubConn("b:1")
		b.Fail(errors.New("refused"))
		a.Idle()
		a.Connecting()
		for i := range 20 {
			b.Idle()
			if !b.Wanted() {
				t.Fatalf("after %d updates, an address whose backoff is over is not tried again", i)
			}
			mustUpdate(t, p, list...)
			advance(often)
			b.Fail(errors.New("refused"))
			mustUpdate(t, p, list...)
			advance(often)
		}
	})
}

// Parents such as weighted_target rely on an answer to each update.
func TestUpdatesWhileConnectingAreAnswered(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	for range 3 {
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	}
	wantStates(t, cc, stConnecting, stConnecting, stConnecting)
	cc.SubConn("a:1").Fail(errors.New("refused"))
	cc.SubConn("a:1").Idle()
	for range 3 {
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	}
	wantStates(t, cc, stConnecting, stConnecting, stConnecting, stFailure, stFailure, stFailure, stFailure)
}

func TestAnUpdateAsksAgainForARefusedSubConn(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	list := balancertest.Endpoints("a:1", "b:1")
	cc.FailNewSubConn(errors.New("no more of them"))
	mustUpdate(t, p, list...)
	cc.FailNewSubConn(nil)
	mustUpdate(t, p, list...)
	cc.SubConn("a:1").Fail(errors.New("refused"))
	cc.SubConn("b:1").Ready()
	if sc, err := cc.Pick(); err != nil || sc.Addr() != "b:1" {
		t.Errorf("pick = %v, %v, want b:1", sc, err)
	}
}

func TestAnEmptyUpdateIsRefused(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]resolver.State{
		"nothing":                   {},
		"endpoints without address": {Endpoints: []resolver.Endpoint{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cc, p := build(t)
			mustUpdate(t, p, balancertest.Endpoints("a:1")...)
			cc.SubConn("a:1").Ready()
			err := p.UpdateClientConnState(balancer.ClientConnState{ResolverState: state})
			if !errors.Is(err, balancer.ErrBadResolverState) {
				t.Errorf("update: %v, want ErrBadResolverState", err)
			}
			_, err = cc.Pick()
			if want := "pick_first2: name resolver error: produced zero addresses"; err == nil || err.Error() != want {
				t.Errorf("pick: %v, want %s", err, want)
			}
			if live := cc.Live(); len(live) > 0 {
				t.Errorf("live SubConns: %v, want none", live)
			}
			mustUpdate(t, p, balancertest.Endpoints("a:1")...)
			cc.SubConn("a:1").Ready()
			wantStates(t, cc, stConnecting, stReady, stFailure, stConnecting, stReady)
		})
	}
}
