package pickfirst2_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	stIdle       = connectivity.Idle
	stConnecting = connectivity.Connecting
	stReady      = connectivity.Ready
	stFailure    = connectivity.TransientFailure
)

func build(t testing.TB) (*balancertest.ClientConn, *balancertest.Policy) {
	cc := balancertest.NewClientConn(t)
	p := cc.Build(pickfirst2.NewBuilder())
	t.Cleanup(p.Close)
	return cc, p
}

func TestRPCsGoToTheFirstAddress(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick while connecting: %v, want to be queued", err)
	}
	cc.SubConn("a:1").Ready()
	for range 3 {
		if sc, err := cc.Pick(); err != nil || sc.Addr() != "a:1" {
			t.Errorf("pick = %v, %v, want a:1", sc, err)
		}
	}
	wantStates(t, cc, stConnecting, stReady)
	if live := cc.Live(); len(live) != 1 {
		t.Errorf("live SubConns: %v, want one to a:1", live)
	}
}

func TestAttemptsStart250MillisecondsApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		defer p.Close()
		start := time.Now()
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
		cc.SubConn("a:1").Connecting()
		advance(249 * time.Millisecond)
		wantConnecting(t, cc, 1)
		advance(time.Millisecond)
		wantConnecting(t, cc, 2)
		cc.SubConn("b:1").Connecting()
		advance(249 * time.Millisecond)
		wantConnecting(t, cc, 2)
		advance(time.Millisecond)
		wantConnecting(t, cc, 3)
		if took := time.Since(start); took != 500*time.Millisecond {
			t.Errorf("three attempts began within %v, want 500ms", took)
		}
		advance(time.Hour)
		wantConnecting(t, cc, 3)
	})
}

func TestAFailedAttemptDoesNotWaitForTheDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		defer p.Close()
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
		advance(100 * time.Millisecond)
		cc.SubConn("a:1").Fail(errors.New("refused"))
		wantConnecting(t, cc, 2)
		// The delay of a's attempt is void; b has its own 250 ms.
		advance(200 * time.Millisecond)
		wantConnecting(t, cc, 2)
		advance(50 * time.Millisecond)
		wantConnecting(t, cc, 3)
	})
}

func TestANewPassStopsTheDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		defer p.Close()
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		advance(200 * time.Millisecond)
		mustUpdate(t, p, balancertest.Endpoints("c:1", "d:1")...)
		advance(249 * time.Millisecond)
		wantConnecting(t, cc, 2)
		advance(time.Millisecond)
		wantConnecting(t, cc, 3)
	})
}

func TestTheLoserIsShutDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		defer p.Close()
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		advance(250 * time.Millisecond)
		a := cc.SubConn("a:1")
		cc.SubConn("b:1").Ready()
		if !a.IsShutdown() {
			t.Error("the loser was not shut down")
		}
		if sc, err := cc.Pick(); err != nil || sc.Addr() != "b:1" {
			t.Errorf("pick = %v, %v, want b:1", sc, err)
		}
	})
}

func TestWhatIsHeardOfALoserDoesNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		defer p.Close()
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		advance(250 * time.Millisecond)
		a, b := cc.SubConn("a:1"), cc.SubConn("b:1")
		cc.DeliverAfter(func() { // both win, and b's connection is lost at once
			a.Ready()
			b.Ready()
			b.Idle()
		})
		wantStates(t, cc, stConnecting, stReady)
		if sc, err := cc.Pick(); err != nil || sc != a || !b.IsShutdown() {
			t.Errorf("pick = %v, %v, want %v; loser shut down: %v", sc, err, a, b.IsShutdown())
		}
	})
}

func TestAPickInIdleReconnects(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	a := cc.SubConn("a:1")
	a.Ready()
	a.Idle()
	if calls := a.ConnectCalls(); calls != 1 {
		t.Errorf("a lost connection led to %d calls of Connect in all, want none after the first", calls)
	}
	idlePicker := cc.State().Picker
	for range 3 {
		if _, err := idlePicker.Pick(balancer.PickInfo{}); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
			t.Errorf("pick in IDLE: %v, want to be queued", err)
		}
	}
	if calls := a.ConnectCalls(); calls != 2 {
		t.Errorf("picks in IDLE led to %d calls of Connect in all, want 2", calls)
	}
	a.Ready()
	if sc, err := cc.Pick(); err != nil || sc != a {
		t.Errorf("pick after reconnecting = %v, %v, want the same SubConn as before", sc, err)
	}
	wantStates(t, cc, stConnecting, stReady, stIdle, stConnecting, stReady)
}

func TestExitIdleReconnects(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	a := cc.SubConn("a:1")
	a.Ready()
	p.ExitIdle()
	if calls := a.ConnectCalls(); calls != 1 {
		t.Errorf("ExitIdle in READY called Connect")
	}
	a.Idle()
	p.ExitIdle()
	if calls := a.ConnectCalls(); calls != 2 {
		t.Errorf("ExitIdle in IDLE: Connect was called %d times in all, want 2", calls)
	}
}

func TestErrorsKeepTheStatusOfTheCause(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Fail(fmt.Errorf("handshake: %w", status.Error(codes.PermissionDenied, "not you")))
	_, err := cc.Pick()
	if got := status.Code(err); got != codes.PermissionDenied {
		t.Errorf("pick: code %v of %v, want PermissionDenied, as under pick_first", got, err)
	}
	if want := "pick_first2: connect to a:1: handshake: rpc error: code = PermissionDenied desc = not you"; err.Error() != want {
		t.Errorf("pick: %v, want %s", err, want)
	}
}

func TestTheNewestStatusCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		defer p.Close()
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		cc.SubConn("a:1").Connecting()
		advance(250 * time.Millisecond)
		cc.SubConn("b:1").Fail(status.Error(codes.Unauthenticated, "who?"))
		cc.SubConn("a:1").Fail(status.Error(codes.PermissionDenied, "not you")) // first in the list, last in time
		if _, err := cc.Pick(); status.Code(err) != codes.PermissionDenied {
			t.Errorf("pick: code %v of %v, want PermissionDenied, as under pick_first", status.Code(err), err)
		}
	})
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

func TestAResolverErrorShowsWhereNothingWorks(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	p.ResolverError(errors.New("no such name"))
	if _, err := cc.Pick(); err == nil || err.Error() != "pick_first2: name resolver error: no such name" {
		t.Errorf("pick: %v, want the resolver's error", err)
	}
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Ready()
	p.ResolverError(errors.New("no such name"))
	if sc, err := cc.Pick(); err != nil || sc.Addr() != "a:1" {
		t.Errorf("pick = %v, %v, want a:1", sc, err)
	}
}

type foreignConfig struct {
	serviceconfig.LoadBalancingConfig
}

func TestAForeignConfigChangesNothing(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Ready()
	err := p.UpdateClientConnState(balancer.ClientConnState{
		ResolverState:  balancertest.ResolverState(balancertest.Endpoints("b:1")...),
		BalancerConfig: foreignConfig{},
	})
	if !errors.Is(err, balancer.ErrBadResolverState) || !strings.Contains(err.Error(), "pick_first2: use config: it is a pickfirst2_test.foreignConfig") {
		t.Errorf("update: %v, want ErrBadResolverState and the type", err)
	}
	if sc, err := cc.Pick(); err != nil || sc.Addr() != "a:1" {
		t.Errorf("pick = %v, %v, want a:1", sc, err)
	}
}

func TestShuffleAddressList(t *testing.T) {
	t.Parallel()
	addrs := []string{"a:1", "b:1", "c:1", "d:1"}
	first := map[string]int{}
	for range 400 {
		cc := balancertest.NewClientConn(t)
		p := cc.Build(pickfirst2.NewBuilder())
		if err := p.UpdateWithConfig(`{"shuffleAddressList": true}`, balancertest.Endpoints(addrs...)...); err != nil {
			t.Fatalf("update: %v", err)
		}
		first[cc.Live()[0].Addr()]++
		p.Close()
	}
	for _, a := range addrs { // 100 expected; 50 is over five standard deviations away
		if first[a] < 50 {
			t.Errorf("%s came first %d times in 400, want about 100", a, first[a])
		}
	}
	cc, p := build(t)
	if err := p.UpdateWithConfig(`{}`, balancertest.Endpoints(addrs...)...); err != nil {
		t.Fatalf("update: %v", err)
	}
	if got := cc.Live()[0].Addr(); got != "a:1" {
		t.Errorf("without shuffling, %s came first, want a:1", got)
	}
}

func TestShufflingKeepsEndpointsTogether(t *testing.T) {
	t.Parallel()
	for range 20 {
		cc := balancertest.NewClientConn(t)
		p := cc.Build(pickfirst2.NewBuilder())
		if err := p.UpdateWithConfig(`{"shuffleAddressList": true}`,
			balancertest.Endpoint("a:1", "a:2"), balancertest.Endpoint("b:1", "b:2"), balancertest.Endpoint("c:1", "c:2")); err != nil {
			t.Fatalf("update: %v", err)
		}
		var tried []string
		for i := range 6 {
			sc := cc.SubConns()[i]
			tried = append(tried, sc.Addr())
			sc.Fail(errors.New("refused"))
		}
		for i := 0; i < 6; i += 2 {
			if first, second := tried[i], tried[i+1]; first[0] != second[0] || first[2] != '1' {
				t.Fatalf("addresses were tried in the order %v", tried)
			}
		}
		p.Close()
	}
}

func TestASubConnGetsTheResolversAddress(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	want := resolver.Address{
		Addr:               "a:1",
		ServerName:         "name",
		Attributes:         attributes.New("k", "v"),
		BalancerAttributes: attributes.New("l", "w"),
	}
	mustUpdate(t, p, resolver.Endpoint{Addresses: []resolver.Address{want, {Addr: "b:1"}}})
	if got := cc.SubConns()[0].Addresses(); len(got) != 1 || !got[0].Equal(want) {
		t.Errorf("SubConn to %v, want %v alone", got, want)
	}
}

func TestARefusedSubConnIsAFailedAttempt(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	cc.FailNewSubConn(errors.New("no more of them"))
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	_, err := cc.Pick()
	if want := "pick_first2: connect to 2 addresses: a:1: no more of them; b:1: no more of them"; err == nil || err.Error() != want {
		t.Errorf("pick: %v, want %s", err, want)
	}
	cc.FailNewSubConn(nil)
	mustUpdate(t, p, balancertest.Endpoints("b:1", "c:1")...) // a:1 goes without having had a SubConn
	cc.SubConn("b:1").Ready()
	if sc, err := cc.Pick(); err != nil || sc.Addr() != "b:1" {
		t.Errorf("pick after the next update = %v, %v, want b:1", sc, err)
	}
}

func TestHealthListenerOnlyWhenAParentAsks(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	cc.SetManualHealth(true)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	a := cc.SubConn("a:1")
	a.Ready()
	if a.SetHealth(stFailure, errors.New("sick")) {
		t.Error("a policy at the top registered a health listener")
	}
	gated := func(endpoints ...resolver.Endpoint) balancer.ClientConnState {
		return balancer.ClientConnState{ResolverState: pickfirst2.EnableHealthListener(balancertest.ResolverState(endpoints...))}
	}
	if err := p.UpdateClientConnState(gated(balancertest.Endpoints("a:1")...)); err != nil {
		t.Fatalf("update: %v", err)
	}
	a.Idle()
	p.ExitIdle()
	a.Ready()
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick before the first health update: %v, want to be queued", err)
	}
	a.SetHealth(stFailure, status.Error(codes.Internal, "sick"))
	_, err := cc.Pick()
	if err == nil || !strings.Contains(err.Error(), "pick_first2: check health of a:1: ") || status.Code(err) != codes.Unknown {
		t.Errorf("pick while sick: %v with code %v, want an error without a status that names a:1", err, status.Code(err))
	}
	a.SetHealth(stReady, nil)
	if sc, err := cc.Pick(); err != nil || sc != a {
		t.Errorf("pick when well = %v, %v, want %v", sc, err, a)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	leadTo := map[string]func(*balancertest.ClientConn, *balancertest.Policy){
		"waiting": func(*balancertest.ClientConn, *balancertest.Policy) {},
		"racing": func(_ *balancertest.ClientConn, p *balancertest.Policy) {
			mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		},
		"retrying": func(cc *balancertest.ClientConn, p *balancertest.Policy) {
			mustUpdate(t, p, balancertest.Endpoints("a:1")...)
			cc.SubConn("a:1").Fail(errors.New("refused"))
		},
		"chosen": func(cc *balancertest.ClientConn, p *balancertest.Policy) {
			mustUpdate(t, p, balancertest.Endpoints("a:1")...)
			cc.SubConn("a:1").Ready()
		},
		"idle": func(cc *balancertest.ClientConn, p *balancertest.Policy) {
			mustUpdate(t, p, balancertest.Endpoints("a:1")...)
			cc.SubConn("a:1").Ready()
			cc.SubConn("a:1").Idle()
		},
	}
	for name, lead := range leadTo {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cc := balancertest.NewClientConn(t)
				p := cc.Build(pickfirst2.NewBuilder())
				lead(cc, p)
				last, reports, made := cc.State().Picker, len(cc.States()), len(cc.SubConns())
				p.Close()
				advance(time.Hour) // past every timer
				_, _ = last.Pick(balancer.PickInfo{})
				p.ExitIdle()
				if live := cc.Live(); len(live) > 0 {
					t.Errorf("live SubConns after Close: %v", live)
				}
				if n := len(cc.States()); n != reports {
					t.Errorf("%d reports after Close", n-reports)
				}
				if n := len(cc.SubConns()); n != made {
					t.Errorf("%d SubConns made after Close", n-made)
				}
			})
		})
	}
}

// TestPicksRaceEverything is for the race detector: picks come from any
// goroutine while connections come and go.
func TestPicksRaceEverything(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	stop := make(chan struct{})
	var picking sync.WaitGroup
	for range 4 {
		picking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = cc.Pick()
				}
			}
		})
	}
	for i := range 300 {
		mustUpdate(t, p, balancertest.Endpoints([]string{"a:1", "b:1"}[i%2], "c:1")...)
		for _, sc := range cc.Live() {
			switch sc.State() {
			case stIdle:
				p.ExitIdle()
				tryReady(sc, i)
			case stReady, stFailure:
				sc.Idle()
			}
		}
	}
	close(stop)
	picking.Wait()
}

// tryReady brings a SubConn that was asked to connect to READY, or has it fail.
func tryReady(sc *balancertest.SubConn, i int) {
	if !sc.Wanted() {
		return
	}
	if i%3 == 0 {
		sc.Fail(errors.New("refused"))
		return
	}
	sc.Ready()
}

// advance lets the bubble's time pass, and what it brings about happen.
func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func mustUpdate(t testing.TB, p *balancertest.Policy, endpoints ...resolver.Endpoint) {
	t.Helper()
	if err := p.Update(endpoints...); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func wantStates(t *testing.T, cc *balancertest.ClientConn, want ...connectivity.State) {
	t.Helper()
	if got := cc.States(); !slices.Equal(got, want) {
		t.Errorf("reported states: %v, want %v", got, want)
	}
}

// wantConnecting checks how many SubConns were asked to connect.
func wantConnecting(t *testing.T, cc *balancertest.ClientConn, want int) {
	t.Helper()
	got := 0
	for _, sc := range cc.SubConns() {
		got += sc.ConnectCalls()
	}
	if got != want {
		t.Fatalf("%d calls of Connect, want %d", got, want)
	}
}
