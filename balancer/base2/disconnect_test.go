package base2_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// switching is a Policy whose test says what it asks for.
type switching struct {
	endpoints map[string]*base2.Endpoint[struct{}]
}

func (s *switching) NewPicker(view base2.View[struct{}]) balancer.Picker {
	s.endpoints = make(map[string]*base2.Endpoint[struct{}])
	for e := range view.All() {
		s.endpoints[e.Addresses[0].Addr] = e.Endpoint
	}
	p := &viewPicker{}
	for _, r := range view.Ready() {
		p.conns = append(p.conns, r.SubConn)
	}
	return p
}

func buildSwitching(t *testing.T, options ...base2.Option) (*balancertest.ClientConn, *balancertest.Policy, *switching) {
	t.Helper()
	cc, s := balancertest.NewClientConn(t), &switching{}
	p := cc.Build(base2.New("switching", func(*base2.Channel) *switching { return s }, options...))
	t.Cleanup(p.Close)
	return cc, p, s
}

func TestDisconnectMakesAnEndpointIdle(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]base2.Option{
		"on request": {base2.WithConnectOnRequest()},
		"at once":    {base2.WithEveryState()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cc, p, s := buildSwitching(t, options...)
				mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
				s.endpoints["a:1"].Connect()
				s.endpoints["b:1"].Connect()
				synctest.Wait()
				connectAll(cc)
				a := cc.SubConn("a:1")
				reports := len(cc.States())
				s.endpoints["a:1"].Disconnect()
				synctest.Wait()
				if got := len(cc.States()) - reports; got != 1 || fmt.Sprint(cc.Live()) != fmt.Sprint([]*balancertest.SubConn{cc.SubConn("b:1")}) {
					t.Errorf("%d reports and live SubConns %v, want 1 and b:1", got, cc.Live())
				}
				for range 4 {
					wantPick(t, cc, "b:1")
				}
				advance(time.Hour)
				mustUpdate(t, p, balancertest.Endpoints("b:1", "a:1")...)
				if live := cc.Live(); len(live) != 1 || a.ConnectCalls() != 1 {
					t.Errorf("later the SubConns are %v, want only b:1", live)
				}
				s.endpoints["a:1"].Connect()
				synctest.Wait()
				again := cc.SubConn("a:1")
				if again == a || !again.Wanted() {
					t.Fatalf("after Connect there is %v, want a new SubConn that connects", again)
				}
				again.Ready()
				if got := cc.State().ConnectivityState; got != stReady {
					t.Errorf("the policy is %v, want READY", got)
				}
			})
		})
	}
}

// RPCs that pick a SubConn which is shut down wait for the next picker.
func TestADisconnectedEndpointIsInNoPickerWhenItIsShutDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, s := &watched{ClientConn: balancertest.NewClientConn(t), t: t}, &switching{}
		p := base2.New("switching", func(*base2.Channel) *switching { return s }, base2.WithEveryState()).Build(cc, balancer.BuildOptions{})
		defer p.Close()
		if err := p.UpdateClientConnState(balancer.ClientConnState{ResolverState: balancertest.ResolverState(balancertest.Endpoints("a:1", "b:1")...)}); err != nil {
			t.Fatal(err)
		}
		connectAll(cc.ClientConn)
		s.endpoints["a:1"].Disconnect()
		synctest.Wait()
		if cc.total != 1 || cc.chosen != 0 {
			t.Errorf("%d SubConns shut down, of which picks could choose %d, want 1 and 0", cc.total, cc.chosen)
		}
	})
}

func TestTheLastRequestCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, s := buildSwitching(t, base2.WithConnectOnRequest())
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		a, b := s.endpoints["a:1"], s.endpoints["b:1"]
		a.Connect()
		a.Disconnect()
		b.Disconnect()
		b.Connect()
		synctest.Wait()
		if len(cc.SubConns()) != 1 || cc.SubConn("b:1") == nil {
			t.Errorf("SubConns %v, want one to b:1", cc.SubConns())
		}
	})
}

func TestRequestsOfEndpointsThatAreGoneDoNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, s := buildSwitching(t, base2.WithConnectOnRequest())
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		gone := s.endpoints["a:1"]
		mustUpdate(t, p, balancertest.Endpoints("b:1")...)
		gone.Connect()
		gone.Disconnect()
		synctest.Wait()
		gone.Connect()
		synctest.Wait()
		kept := s.endpoints["b:1"]
		kept.Connect()
		p.Close()
		synctest.Wait()
		kept.Connect()
		p.ExitIdle()
		synctest.Wait()
		if len(cc.SubConns()) != 0 {
			t.Errorf("SubConns %v, want none", cc.SubConns())
		}
	})
}

func TestDisconnectEndsAnAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, s := buildSwitching(t, base2.WithEveryState())
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		fail(cc.SubConn("b:1"))
		for range 6 {
			cc.SubConn("a:1").Ready()
			cc.SubConn("a:1").Idle()
		}
		attempts := cc.SubConn("a:1").ConnectCalls()
		s.endpoints["a:1"].Disconnect()
		s.endpoints["b:1"].Disconnect()
		synctest.Wait()
		if len(cc.Live()) != 0 || cc.State().ConnectivityState != stIdle { // b:1 is, and a:1 pauses
			t.Errorf("live SubConns %v in %v, want none in IDLE", cc.Live(), cc.State().ConnectivityState)
		}
		s.endpoints["a:1"].Connect()
		synctest.Wait()
		if len(cc.Live()) != 0 {
			t.Errorf("live SubConns %v during the pause, want none", cc.Live())
		}
		advance(1200 * time.Millisecond) // it is 1 s ± 20 %
		if len(cc.Live()) != 0 || cc.State().ConnectivityState != stIdle {
			t.Errorf("live SubConns %v in %v, want none in IDLE", cc.Live(), cc.State().ConnectivityState)
		}
		s.endpoints["a:1"].Connect()
		synctest.Wait()
		if sc := cc.SubConn("a:1"); !sc.Wanted() || attempts != 6 {
			t.Errorf("after a pause that Disconnect ended, Connect does not connect %v", sc)
		}
		if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
			t.Errorf("pick: %v, want to wait", err)
		}
	})
}

// A policy may move from one endpoint to another as often as it likes.
func TestLettingGoOfAConnectionLeadsToNoPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, s := buildSwitching(t, base2.WithConnectOnRequest())
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
		for i := range 20 {
			s.endpoints["a:1"].Connect()
			synctest.Wait()
			if len(cc.Live()) != 1 {
				t.Fatalf("after letting go %d times there is no attempt", i)
			}
			cc.SubConn("a:1").Ready()
			s.endpoints["a:1"].Disconnect()
			synctest.Wait()
		}
	})
}
