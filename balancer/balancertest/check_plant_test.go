package balancertest_test

import (
	"encoding/json"
	"errors"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// fault is what a planted policy does wrong. Without any it is right.
type fault struct {
	leaksOnClose      bool
	leaksOnUpdate     bool
	keepsDead         bool // after an update
	silentLoss        bool
	publishesLate     bool
	connectsLate      bool
	shutdown          bool // reports SHUTDOWN in place of TRANSIENT_FAILURE
	nilPicker         bool
	foreign           bool // picks a SubConn of another channel
	panicsOnEmpty     bool
	acceptsEmpty      bool
	queuesWhenEmpty   bool
	queuesFailures    bool
	ignoresEarlyError bool
	failsOnLateError  bool
	dropsOnLateError  bool
	acceptsBadConfig  bool
	refusesUnknown    bool
	neverReady        bool
	endless           bool // makes SubConns without end
}

// planted is a builder of small policies that use one SubConn for all RPCs.
type planted struct{ fault }

func (planted) Name() string { return "planted" }

func (p planted) Build(cc balancer.ClientConn, _ balancer.BuildOptions) balancer.Balancer {
	return &one{fault: p.fault, cc: cc}
}

type emptyConfig struct {
	serviceconfig.LoadBalancingConfig
}

func (p planted) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(js, &fields); err != nil && !p.acceptsBadConfig {
		return nil, err
	}
	if len(fields) > 0 && p.refusesUnknown {
		return nil, errors.New("unknown fields")
	}
	return emptyConfig{}, nil
}

// one uses the first address of the resolver's list. All its calls come from
// the channel.
type one struct {
	fault
	cc    balancer.ClientConn
	addr  string
	sc    balancer.SubConn
	timer *time.Timer
}

func (o *one) UpdateClientConnState(s balancer.ClientConnState) error {
	if len(s.ResolverState.Endpoints) == 0 {
		return o.empty()
	}
	if addr := s.ResolverState.Endpoints[0].Addresses[0].Addr; addr != o.addr {
		o.drop()
		o.addr = addr
		o.connect()
	}
	return nil
}

func (o *one) empty() error {
	if o.panicsOnEmpty {
		panic("no endpoints")
	}
	o.drop()
	if o.queuesWhenEmpty {
		o.report(connectivity.Connecting, balancer.ErrNoSubConnAvailable)
	} else {
		o.fail(errors.New("no endpoints"))
	}
	if o.acceptsEmpty {
		return nil
	}
	return balancer.ErrBadResolverState
}

// drop gives the SubConn up.
func (o *one) drop() {
	if o.sc != nil && !o.leaksOnUpdate {
		o.sc.Shutdown()
	}
	o.sc, o.addr = nil, ""
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
	sc.Connect()
	if !o.keepsDead {
		o.report(connectivity.Connecting, balancer.ErrNoSubConnAvailable)
	}
}

func (o *one) changed(s balancer.SubConnState) {
	switch s.ConnectivityState {
	case connectivity.Ready:
		o.ready()
	case connectivity.TransientFailure:
		o.fail(s.ConnectionError)
		if o.endless {
			o.sc.Shutdown()
			o.connect()
		}
	case connectivity.Idle:
		o.idle()
	case connectivity.Connecting:
		if !o.queuesFailures {
			return
		}
		o.report(connectivity.Connecting, balancer.ErrNoSubConnAvailable)
	case connectivity.Shutdown:
	}
}

func (o *one) ready() {
	switch {
	case o.neverReady:
	case o.nilPicker:
		o.cc.UpdateState(balancer.State{ConnectivityState: connectivity.Ready})
	case o.foreign:
		other, _ := balancertest.NewClientConn(inExample{}).NewSubConn([]resolver.Address{{Addr: o.addr}}, balancer.NewSubConnOptions{})
		o.cc.UpdateState(balancer.State{ConnectivityState: connectivity.Ready, Picker: fixed{other}})
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
	if !o.silentLoss {
		o.report(connectivity.Connecting, balancer.ErrNoSubConnAvailable)
	}
	o.sc.Connect()
}

func (o *one) fail(err error) {
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

func (o *one) ExitIdle() {}

func (o *one) Close() {
	if o.sc != nil && !o.leaksOnClose {
		o.sc.Shutdown()
	}
	o.sc = nil
}

// fixed is the picker that always chooses the same.
type fixed struct{ sc balancer.SubConn }

func (p fixed) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.sc}, nil
}
