package pickfirst2_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// RPCs that pick a SubConn which is shut down wait. So the channel gets another picker
// before the shutdown.
func TestNoPickerHoldsASubConnThatIsShutDown(t *testing.T) {
	t.Parallel()
	shutDownBy := map[string]func(*balancertest.ClientConn, *balancertest.Policy){
		"an update without its address": func(_ *balancertest.ClientConn, p *balancertest.Policy) {
			mustUpdate(t, p, balancertest.Endpoints("c:1")...)
		},
		"an update without addresses": func(_ *balancertest.ClientConn, p *balancertest.Policy) {
			_ = p.Update()
		},
		"an update without its address when others are refused": func(cc *balancertest.ClientConn, p *balancertest.Policy) {
			cc.FailNewSubConn(errors.New("no more of them"))
			mustUpdate(t, p, balancertest.Endpoints("c:1")...)
		},
		"an update that turns health checks on": func(_ *balancertest.ClientConn, p *balancertest.Policy) {
			_ = p.UpdateClientConnState(gated(balancertest.Endpoints("c:1")...))
		},
	}
	for name, shutDown := range shutDownBy {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cc := balancertest.NewClientConn(t)
			p := cc.Build(between(func(inner balancer.ClientConn) balancer.ClientConn {
				return &pickingConn{ClientConn: inner, t: t}
			}))
			defer p.Close()
			mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
			cc.SubConn("a:1").Ready()
			a := cc.SubConn("a:1")
			shutDown(cc, p)
			if !a.IsShutdown() {
				t.Error("the SubConn was not shut down")
			}
		})
	}
}

// pickingConn checks at each shutdown where picks go.
type pickingConn struct {
	balancer.ClientConn
	t    *testing.T
	last balancer.State
}

func (c *pickingConn) UpdateState(s balancer.State) {
	c.last = s
	c.ClientConn.UpdateState(s)
}

func (c *pickingConn) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	sc, err := c.ClientConn.NewSubConn(addrs, opts)
	if err != nil {
		return nil, err
	}
	return &pickingSubConn{SubConn: sc, cc: c}, nil
}

type pickingSubConn struct {
	balancer.SubConn
	cc *pickingConn
}

func (sc *pickingSubConn) Shutdown() {
	if s := sc.cc.last; s.ConnectivityState == stReady { // in IDLE, Pick would deadlock here
		if res, _ := s.Picker.Pick(balancer.PickInfo{}); res.SubConn == sc {
			sc.cc.t.Errorf("%v is shut down while picks still go to it", sc.SubConn)
		}
	}
	sc.SubConn.Shutdown()
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
