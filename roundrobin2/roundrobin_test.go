package roundrobin2_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func readyPolicy(t testing.TB, addrs ...string) *balancertest.ClientConn {
	cc := balancertest.NewClientConn(t)
	p := cc.Build(roundrobin2.NewBuilder())
	t.Cleanup(p.Close)
	if err := p.Update(balancertest.Endpoints(addrs...)...); err != nil {
		t.Fatalf("update: %v", err)
	}
	for _, sc := range cc.Live() {
		sc.Ready()
	}
	return cc
}

func TestEachReadyEndpointGetsItsTurn(t *testing.T) {
	t.Parallel()
	cc := readyPolicy(t, "a:1", "b:1", "c:1")
	got := shares(t, cc, 300)
	for _, addr := range []string{"a:1", "b:1", "c:1"} {
		if got[addr] != 100 {
			t.Errorf("%s got %d of 300 picks, want 100", addr, got[addr])
		}
	}
}

func TestOnlyReadyEndpointsAreUsed(t *testing.T) {
	t.Parallel()
	cc := readyPolicy(t, "a:1", "b:1", "c:1")
	cc.SubConn("b:1").Idle()
	if got := shares(t, cc, 100); got["b:1"] != 0 || got["a:1"] != 50 || got["c:1"] != 50 {
		t.Errorf("shares of 100 without b:1: %v", got)
	}
	cc.SubConn("b:1").Ready()
	if got := shares(t, cc, 99); got["b:1"] != 33 {
		t.Errorf("shares of 99 with b:1 back: %v", got)
	}
}

// An endpoint that loses its connection more often than its turn comes, but is READY
// most of the time, gets its share.
func TestAnEndpointThatFlapsIsNotStarved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc := readyPolicy(t, "a:1", "b:1", "c:1", "d:1")
		got := map[string]int{}
		for range 100 {
			cc.SubConn("b:1").Idle()
			cc.SubConn("b:1").Ready()
			for addr, n := range shares(t, cc, 2) {
				got[addr] += n
			}
			time.Sleep(time.Second) // with a shorter life of its connection it would pause
		}
		for _, addr := range []string{"a:1", "b:1", "c:1", "d:1"} {
			if got[addr] != 50 {
				t.Errorf("%s got %d of 200 picks, want 50", addr, got[addr])
			}
		}
	})
}

func TestHealthIsFollowed(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	cc.SetManualHealth(true)
	p := cc.Build(roundrobin2.NewBuilder())
	defer p.Close()
	if err := p.Update(balancertest.Endpoints("a:1", "b:1")...); err != nil {
		t.Fatalf("update: %v", err)
	}
	for _, sc := range cc.Live() {
		sc.Ready()
	}
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick before the first health updates: %v, want to be queued", err)
	}
	cc.SubConn("a:1").SetHealth(connectivity.Ready, nil)
	cc.SubConn("b:1").SetHealth(connectivity.TransientFailure, errors.New("sick"))
	if got := shares(t, cc, 10); got["a:1"] != 10 {
		t.Errorf("shares of 10 while b:1 is sick: %v", got)
	}
}

// TestConcurrentPicksAreExact picks from many goroutines at once. It asks the picker
// itself: with much between the picks, they would hardly ever meet.
func TestConcurrentPicksAreExact(t *testing.T) {
	t.Parallel()
	cc := readyPolicy(t, "a:1", "b:1", "c:1", "d:1")
	picker, conns := cc.State().Picker, cc.Live()
	const pickers, picks = 4, 300_000
	var got [pickers][4]int
	start := make(chan struct{})
	var picking sync.WaitGroup
	for i := range got {
		picking.Go(func() {
			var counts [4]int
			<-start
			for range picks {
				res, _ := picker.Pick(balancer.PickInfo{})
				for j, sc := range conns {
					if res.SubConn == sc {
						counts[j]++
					}
				}
			}
			got[i] = counts
		})
	}
	close(start)
	picking.Wait()
	for i, sc := range conns {
		n := 0
		for _, counts := range got {
			n += counts[i]
		}
		if want := pickers * picks / len(conns); n != want {
			t.Errorf("%v got %d picks, want %d", sc, n, want)
		}
	}
}

func TestChannelsHaveRotationsOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := roundrobin2.NewBuilder()
	var ccs []*balancertest.ClientConn
	for range 2 {
		cc := balancertest.NewClientConn(t)
		p := cc.Build(b)
		t.Cleanup(p.Close)
		if err := p.Update(balancertest.Endpoints("a:1", "b:1")...); err != nil {
			t.Fatalf("update: %v", err)
		}
		for _, sc := range cc.Live() {
			sc.Ready()
		}
		ccs = append(ccs, cc)
	}
	for _, cc := range ccs {
		if got := shares(t, cc, 10); got["a:1"] != 5 || got["b:1"] != 5 {
			t.Errorf("shares of 10: %v", got)
		}
	}
}

func TestPickDoesNotAllocate(t *testing.T) {
	cc := readyPolicy(t, "a:1", "b:1", "c:1")
	p := cc.State().Picker
	if n := testing.AllocsPerRun(100, func() { _, _ = p.Pick(balancer.PickInfo{}) }); n != 0 {
		t.Errorf("a pick allocates %v times", n)
	}
}

func shares(t testing.TB, cc *balancertest.ClientConn, picks int) map[string]int {
	t.Helper()
	got := map[string]int{}
	for range picks {
		sc, err := cc.Pick()
		if err != nil {
			t.Errorf("pick: %v", err)
			return got
		}
		got[sc.Addr()]++
	}
	return got
}

// A program with its own Prometheus registry meters the policy with its own Metrics;
// see the package metrics.
func ExampleNewBuilder() {
	fmt.Println(roundrobin2.NewBuilder().Name())
	// Output: round_robin2
}
