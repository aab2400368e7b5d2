package base2_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// buildCost is the cost of a rebuild in these tests.
const buildCost = 500 * time.Microsecond

func start(t *testing.T, n int) (*balancertest.ClientConn, *balancertest.Policy, *recorder) {
	return startWithCost(t, n, buildCost)
}

// startWithCost builds a policy with n endpoints, which are CONNECTING.
func startWithCost(t *testing.T, n int, cost time.Duration) (*balancertest.ClientConn, *balancertest.Policy, *recorder) {
	cc, r := balancertest.NewClientConn(t), &recorder{}
	p := cc.Build(base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return r }, base2.WithRebuildCost(cost)))
	t.Cleanup(p.Close)
	mustUpdate(t, p, endpoints(n)...)
	return cc, p, r
}

func TestRebuildsTakeATenthOfTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		cc, _, r := start(t, n)
		begin := time.Now()
		for _, sc := range cc.Live() {
			sc.Ready()
			advance(100 * time.Microsecond)
		}
		took := time.Since(begin)
		advance(10 * buildCost) // for the last one
		if got := len(r.addrs()); got != n {
			t.Errorf("the last picker has %d SubConns, want %d", got, n)
		}
		// The first hundred are not batched.
		if batched := time.Duration(len(r.builds)-100) * buildCost; batched > took/9 {
			t.Errorf("rebuilds took %v of %v", batched, took)
		}
	})
}

func TestSmallChannelsNeverWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, _, r := start(t, 99)
		for i, sc := range cc.Live() {
			sc.Ready()
			if got := len(r.addrs()); got != i+1 {
				t.Fatalf("the picker after %d became READY has %d SubConns", i+1, got)
			}
		}
	})
}

func TestOnlyRebuildsThatCostSomethingWait(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cost, later time.Duration
		want        int // SubConns in the picker at that time
	}{
		{9 * time.Microsecond, 0, 200},
		{11 * time.Microsecond, 0, 99},
		{11 * time.Microsecond, 99 * time.Microsecond, 200},
	} {
		synctest.Test(t, func(t *testing.T) {
			cc, _, r := startWithCost(t, 200, test.cost)
			connectAll(cc)
			advance(test.later)
			if got := len(r.addrs()); got != test.want {
				t.Errorf("rebuilds that cost %v: %v after the last change the picker has %d SubConns, want %d", test.cost, test.later, got, test.want)
			}
		})
	}
}

func TestAChangeOfTheAggregateNeverWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, r := start(t, 200)
		connectAll(cc)
		builds := len(r.builds)
		if err := p.Update(); err == nil {
			t.Error("empty update: no error")
		}
		if got := cc.State().ConnectivityState; got != stFailure {
			t.Errorf("state = %v, want TRANSIENT_FAILURE at once", got)
		}
		advance(time.Hour)
		if len(r.builds) != builds {
			t.Errorf("%d rebuilds after all endpoints were removed", len(r.builds)-builds)
		}
	})
}

func TestALossIsPublishedWithinTenRebuilds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, _, r := start(t, 200)
		connectAll(cc)
		advance(time.Hour)
		lost := cc.Live()
		lost[0].Idle() // published at once, since the last rebuild was long ago
		if got := len(r.addrs()); got != 199 {
			t.Errorf("the picker after a first loss has %d SubConns, want 199", got)
		}
		lost[1].Idle()
		advance(10 * buildCost)
		if got := len(r.addrs()); got != 198 {
			t.Errorf("the picker after a second loss has %d SubConns, want 198", got)
		}
	})
}

func TestNoRebuildWaitsLongerThan5Milliseconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, _, r := startWithCost(t, 200, time.Second)
		connectAll(cc)
		advance(5 * time.Millisecond)
		if got := len(r.addrs()); got != 200 {
			t.Errorf("the picker has %d SubConns after 5ms, want 200", got)
		}
	})
}

func TestAResolverUpdateNeverWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, r := start(t, 200)
		connectAll(cc)
		mustUpdate(t, p, endpoints(200)[1:]...)
		if got := len(r.addrs()); got != 199 {
			t.Errorf("the picker after the update has %d SubConns, want 199", got)
		}
		builds := len(r.builds)
		advance(time.Hour)
		if len(r.builds) != builds {
			t.Errorf("%d more rebuilds, want none: nothing was left to publish", len(r.builds)-builds)
		}
	})
}

func TestCloseStopsARebuildThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, r := start(t, 200)
		connectAll(cc)
		builds, reports := len(r.builds), len(cc.States())
		p.Close()
		p.ExitIdle() // gRPC may call it late
		p.ResolverError(errors.New("no such name"))
		advance(time.Hour)
		if len(r.builds) != builds || len(cc.States()) != reports {
			t.Errorf("%d rebuilds and %d reports after Close", len(r.builds)-builds, len(cc.States())-reports)
		}
	})
}
