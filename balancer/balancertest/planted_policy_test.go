package balancertest_test

import (
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// one is a policy that uses the first address of the resolver's list. Only the
// channel calls it.
type one struct {
	fault
	cc    balancer.ClientConn
	addr  string
	sc    balancer.SubConn
	timer *time.Timer
	state string // what has happened to the policy
	lost  bool   // only for losesForGood

	// Only for exitsIdleAlone.
	updating    atomic.Bool
	interrupted atomic.Bool // ExitIdle came during an update
	yields      int         // how often updates have waited for that
}

func (o *one) UpdateClientConnState(s balancer.ClientConnState) error {
	if o.exitsIdleAlone {
		o.updating.Store(true)
		defer o.updating.Store(false)
		for ; o.yields < 20_000 && !o.interrupted.Load(); o.yields++ { // a few are usually enough
			runtime.Gosched()
		}
	}
	if len(s.ResolverState.Endpoints) == 0 {
		return o.empty()
	}
	if addr := s.ResolverState.Endpoints[0].Addresses[0].Addr; addr != o.addr {
		o.drop(func() {
			o.addr = addr
			o.connect()
		})
	}
	return nil
}

func (o *one) empty() error {
	if o.panicsOnEmpty {
		panic("no endpoints")
	}
	o.drop(func() {
		if o.queuesWhenEmpty {
			o.report(connectivity.Connecting, balancer.ErrNoSubConnAvailable)
		} else {
			o.fail(errors.New("no endpoints"))
		}
	})
	o.state = "without endpoints"
	if o.acceptsEmpty {
		return nil
	}
	return balancer.ErrBadResolverState
}

// drop shuts the SubConn down after report has replaced the picker.
func (o *one) drop(report func()) {
	old := o.sc
	o.sc, o.addr = nil, ""
	if old == nil || o.leaksOnUpdate {
		report()
		return
	}
	if o.shutsDownFirst {
		old.Shutdown()
	}
	report()
	old.Shutdown()
}

func (o *one) connect() {
	var sc balancer.SubConn
	sc, err := o.cc.NewSubConn([]resolver.Address{{Addr: o.addr}}, balancer.NewSubConnOptions{
		StateListener: func(s balancer.SubConnState) {
			if sc == o.sc {
				o.changed(s)
			}
		},
	})
	if err != nil {
		o.fail(err)
		return
	}
	o.sc = sc
	o.state = "when connecting"
	sc.Connect()
	if !o.keepsDead {
		o.report(connectivity.Connecting, balancer.ErrNoSubConnAvailable)
	}
}

func (o *one) changed(s balancer.SubConnState) {
	lost := o.state == "when READY"
	if lost && o.panicsInAttempt && s.ConnectivityState != connectivity.Idle {
		panic("lost and not IDLE")
	}
	switch s.ConnectivityState {
	case connectivity.Ready:
		o.ready()
	case connectivity.TransientFailure:
		if lost && o.silentBackoff {
			return
		}
		o.lost = o.lost || lost
		o.fail(s.ConnectionError)
		if o.endless {
			o.sc.Shutdown()
			o.connect()
		}
	case connectivity.Idle:
		o.idle()
	case connectivity.Connecting:
		if !o.queuesFailures && (!lost || o.silentReconnect) {
			return
		}
		o.lost = o.lost || lost
		o.state = "when connecting"
		o.report(connectivity.Connecting, balancer.ErrNoSubConnAvailable)
	case connectivity.Shutdown:
	}
}

func (o *one) ready() {
	o.state = "when READY"
	switch {
	case o.neverReady, o.lost && o.losesForGood:
	case o.nilPicker:
		o.cc.UpdateState(balancer.State{ConnectivityState: connectivity.Ready})
	case o.foreign:
		other, _ := balancertest.NewClientConn(inExample{}).NewSubConn([]resolver.Address{{Addr: o.addr}}, balancer.NewSubConnOptions{})
		o.cc.UpdateState(balancer.State{ConnectivityState: connectivity.Ready, Picker: fixed{other}})
	case o.panicsInPick:
		o.cc.UpdateState(balancer.State{ConnectivityState: connectivity.Ready, Picker: broken{}})
	default:
		o.cc.UpdateState(balancer.State{ConnectivityState: connectivity.Ready, Picker: fixed{o.sc}})
	}
	if o.publishesLate {
		o.timer = time.AfterFunc(time.Second, func() { o.report(connectivity.Connecting, balancer.ErrNoSubConnAvailable) })
	}
	if o.connectsLate {
		addr := o.addr
		o.timer = time.AfterFunc(time.Second, func() {
			_, _ = o.cc.NewSubConn([]resolver.Address{{Addr: addr}}, balancer.NewSubConnOptions{})
		})
	}
}

func (o *one) idle() {
	o.state = "after a loss"
	if !o.silentLoss {
		o.report(connectivity.Connecting, balancer.ErrNoSubConnAvailable)
	}
	o.sc.Connect()
}

func (o *one) fail(err error) {
	o.state = "when failing"
	switch {
	case o.shutdown:
		o.report(connectivity.Shutdown, err)
	case o.queuesFailures:
		o.report(connectivity.Connecting, balancer.ErrNoSubConnAvailable)
	default:
		o.report(connectivity.TransientFailure, err)
	}
}

func (o *one) report(s connectivity.State, err error) {
	o.cc.UpdateState(balancer.State{ConnectivityState: s, Picker: base.NewErrPicker(err)})
}

func (o *one) ResolverError(err error) {
	if o.sc == nil && !o.ignoresEarlyError || o.failsOnLateError {
		o.fail(err)
	}
	if o.sc != nil && o.dropsOnLateError {
		o.sc.Shutdown()
		o.connect()
	}
}

func (o *one) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) {}

func (o *one) ExitIdle() {
	switch {
	case o.panicsInExitIdle != "" && o.panicsInExitIdle == o.state:
		panic("ExitIdle " + o.state)
	case o.reconnectsInIdle && o.sc != nil:
		old := o.sc
		o.connect()
		old.Shutdown()
	case o.exitsIdleAlone && o.updating.Load():
		o.interrupted.Store(true)
		panic("ExitIdle during an update")
	}
}

func (o *one) Close() {
	if o.panicsInClose {
		panic("no SubConn")
	}
	if o.sc != nil && !o.leaksOnClose {
		o.sc.Shutdown()
	}
	o.sc = nil
}
