package base2_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// letsGo connects the IDLE endpoint and lets go of each one that fails.
type letsGo struct {
	impatient bool // it does not wait for the end of an attempt
	pickers   int
}

func (l *letsGo) NewPicker(view base2.View[struct{}]) balancer.Picker {
	l.pickers++
	for e := range view.All() {
		switch e.State {
		case stIdle:
			e.Endpoint.Connect()
		case stFailure:
			e.Endpoint.Disconnect()
		case stConnecting:
			if l.impatient {
				e.Endpoint.Disconnect()
			}
		}
	}
	return base.NewErrPicker(view.PickError())
}

func TestDisconnectDoesNotEndAPause(t *testing.T) {
	t.Parallel()
	for name, attempt := range map[string]func(*balancertest.SubConn){
		"the server hangs up": func(sc *balancertest.SubConn) { sc.Ready(); sc.Idle() },
		"it refuses":          fail,
		"it has no time to":   nil,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); letGoOf(t, attempt) })
	}
}

func letGoOf(t *testing.T, attempt func(*balancertest.SubConn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cc, l := balancertest.NewClientConn(t), &letsGo{impatient: attempt == nil}
		p := cc.Build(base2.New("lets_go", func(*base2.Channel) *letsGo { return l }, base2.WithConnectOnRequest()))
		defer p.Close()
		mustUpdate(t, p, balancertest.Endpoint("a:1"))
		attempts := 0
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); advance(time.Millisecond) {
			for _, sc := range cc.Live() {
				if sc.State() == stIdle && sc.Wanted() {
					attempts++
					attempt(sc)
				}
			}
		}
		if l.impatient {
			attempts = len(cc.SubConns())
		}
		if attempts < 8 || attempts > 20 || l.pickers > 200 {
			t.Errorf("%d attempts and %d pickers in 10 s, want 8 to 20, and at most 200, because of pauses", attempts, l.pickers)
		}
	})
}
