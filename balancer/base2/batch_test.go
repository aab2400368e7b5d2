package base2_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// buildCost is what one rebuild is taken to cost in these tests.
const buildCost = 500 * time.Microsecond

func start(t *testing.T, n int) (*balancertest.ClientConn, *balancertest.Policy, *recorder) {
	return startWithCost(t, n, buildCost)
}

// startWithCost brings n endpoints up to CONNECTING.
func startWithCost(t *testing.T, n int, cost time.Duration) (*balancertest.ClientConn, *balancertest.Policy, *recorder) {
	cc, r := balancertest.NewClientConn(t), &recorder{}
	b := base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return r }, base.Config{})
	p := cc.Build(base2.WithRebuildCost(b, cost))
	mustUpdate(t, p, endpoints(n)...)
	return cc, p, r
}

func endpoints(n int) []resolver.Endpoint {
	var addrs []string
	for i := range n {
		addrs = append(addrs, fmt.Sprintf("10.0.%d.%d:1", i/256, i%256))
	}
	return balancertest.Endpoints(addrs...)
}

// advance lets the bubble's time pass, and what it brings about happen.
func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestRebuildsTakeATenthOfTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		cc, p, r := start(t, n)
		defer p.Close()
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
		cc, p, r := start(t, 99)
		defer p.Close()
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
		want        int // SubConns in the picker, that much later
	}{
		{9 * time.Microsecond, 0, 200},
		{11 * time.Microsecond, 0, 99},
		{11 * time.Microsecond, 99 * time.Microsecond, 200},
	} {
		synctest.Test(t, func(t *testing.T) {
			cc, p, r := startWithCost(t, 200, test.cost)
			defer p.Close()
			for _, sc := range cc.Live() {
				sc.Ready()
			}
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
		defer p.Close()
		for _, sc := range cc.Live() {
			sc.Ready()
		}
		builds := len(r.builds)
		if err := p.Update(); err == nil {
			t.Error("empty update: no error")
		}
		if got := cc.State().ConnectivityState; got != stFailure {
			t.Errorf("state = %v, want TRANSIENT_FAILURE at once", got)
		}
		advance(time.Hour)
		if len(r.builds) != builds {
			t.Errorf("%d rebuilds after everything was gone", len(r.builds)-builds)
		}
	})
}

func TestALossIsPublishedWithinTenRebuilds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, r := start(t, 200)
		defer p.Close()
		for _, sc := range cc.Live() {
			sc.Ready()
		}
		advance(time.Hour)
		lost := cc.Live()
		lost[0].Idle() // at once, since nothing was published for long
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
		cc, p, r := startWithCost(t, 200, time.Second)
		defer p.Close()
		for _, sc := range cc.Live() {
			sc.Ready()
		}
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
		defer p.Close()
		for _, sc := range cc.Live() {
			sc.Ready()
		}
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
		for _, sc := range cc.Live() {
			sc.Ready()
		}
		builds, reports := len(r.builds), len(cc.States())
		p.Close()
		p.ExitIdle() // which gRPC may call late
		p.ResolverError(errors.New("no such name"))
		advance(time.Hour)
		if len(r.builds) != builds || len(cc.States()) != reports {
			t.Errorf("%d rebuilds and %d reports after Close", len(r.builds)-builds, len(cc.States())-reports)
		}
	})
}
