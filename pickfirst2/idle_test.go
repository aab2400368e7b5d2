package pickfirst2_test

import (
	"errors"
	"testing"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestAPickInIdleReconnects(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	a := cc.SubConn("a:1")
	a.Ready()
	a.Idle()
	if calls := a.ConnectCalls(); calls != 1 {
		t.Errorf("after the loss of the connection: Connect was called %d times in all, want 1", calls)
	}
	idlePicker := cc.State().Picker
	for range 3 {
		if _, err := idlePicker.Pick(balancer.PickInfo{}); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
			t.Errorf("pick in IDLE: %v, want to be queued", err)
		}
	}
	if calls := a.ConnectCalls(); calls != 2 {
		t.Errorf("after picks in IDLE: Connect was called %d times in all, want 2", calls)
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

// ExitIdle may come before the first update and after Close.
func TestExitIdleWithNothingToConnectTo(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	p.ExitIdle()
	wantStates(t, cc)
	p.Close()
	p.ExitIdle()
	wantStates(t, cc)
}
