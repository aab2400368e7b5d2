package balancertest

import (
	"encoding/json"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// Policy is a policy under test, called as gRPC's channel calls it: one call
// at a time, and never during a SubConn's state change. Its methods fail the test
// if they are called from inside a call of the policy, which would have to wait
// for itself.
type Policy struct {
	cc      *ClientConn
	builder balancer.Builder
	policy  balancer.Balancer
	closed  bool // guarded by the serializer
}

// call makes a call into the policy, which name is the method for.
func (p *Policy) call(name string, do func()) {
	p.cc.tb.Helper()
	if !p.cc.serial.run(do) {
		p.cc.tb.Fatalf("balancertest: %s: called from inside a call of the policy, which would wait for itself; call it when that has returned, or from a goroutine that it does not wait for", name)
	}
}

// updateSubConnState runs in the serializer.
func (p *Policy) updateSubConnState(sc *SubConn, s balancer.SubConnState) {
	if p.policy != nil && !p.closed {
		p.policy.UpdateSubConnState(sc, s)
	}
}

// Update sends a resolver update with the endpoints and no config.
func (p *Policy) Update(endpoints ...resolver.Endpoint) error {
	p.cc.tb.Helper()
	return p.UpdateClientConnState(balancer.ClientConnState{ResolverState: ResolverState(endpoints...)})
}

// UpdateWithConfig sends a resolver update with the endpoints and the policy's
// config as JSON, which the policy's builder parses first, as gRPC has it do. A
// builder without ParseConfig gets none, as in gRPC. It fails the test if the
// builder does not accept the config.
func (p *Policy) UpdateWithConfig(config string, endpoints ...resolver.Endpoint) error {
	p.cc.tb.Helper()
	s := balancer.ClientConnState{ResolverState: ResolverState(endpoints...)}
	if parser, ok := p.builder.(balancer.ConfigParser); ok {
		var err error
		if s.BalancerConfig, err = parser.ParseConfig(json.RawMessage(config)); err != nil {
			p.cc.tb.Fatalf("balancertest: parse config of %s: %v", p.builder.Name(), err)
		}
	}
	return p.UpdateClientConnState(s)
}

// UpdateClientConnState sends a resolver update and returns the policy's
// answer.
func (p *Policy) UpdateClientConnState(s balancer.ClientConnState) (err error) {
	p.cc.tb.Helper()
	p.call("UpdateClientConnState", func() {
		if p.cc.log.enabled() {
			p.cc.log.note("resolver update: %s", endpointList(s.ResolverState.Endpoints))
			defer func() { p.cc.log.note("resolver update: %s", outcome(err)) }()
		}
		err = p.policy.UpdateClientConnState(s)
	})
	return err
}

// ResolverError sends an error of the resolver.
func (p *Policy) ResolverError(err error) {
	p.cc.tb.Helper()
	p.call("ResolverError", func() {
		if p.cc.log.enabled() {
			p.cc.log.note("resolver error: %v", err)
		}
		p.policy.ResolverError(err)
	})
}

// ExitIdle asks the policy to leave IDLE, as [grpc.ClientConn.Connect] does.
//
// [grpc.ClientConn.Connect]: https://pkg.go.dev/google.golang.org/grpc#ClientConn.Connect
func (p *Policy) ExitIdle() {
	p.cc.tb.Helper()
	p.call("ExitIdle", func() {
		if p.cc.log.enabled() {
			p.cc.log.note("exit idle")
		}
		p.policy.ExitIdle()
	})
}

// Close closes the policy. The SubConns that it leaves open stay in
// [ClientConn.Live].
func (p *Policy) Close() {
	p.cc.tb.Helper()
	p.call("Close", func() {
		if p.cc.log.enabled() {
			p.cc.log.note("close")
		}
		p.policy.Close()
		p.closed = true
		p.cc.mu.Lock()
		defer p.cc.mu.Unlock()
		p.cc.closed = true
	})
}

// Pick picks with the picker that the policy reported last and returns the
// SubConn that gRPC would use, or the error. With a nil picker picks are queued,
// as in gRPC.
func (cc *ClientConn) Pick() (*SubConn, error) {
	cc.tb.Helper()
	sc, _, err := cc.pick()
	return sc, err
}

// RPC picks and, if the pick chose a SubConn, ends the RPC with err, which is
// nil or what a server has answered. If the SubConn is not READY it does what
// gRPC does: it tells the policy that nothing was sent, and the RPC is queued. It
// returns what [ClientConn.Pick] returns.
func (cc *ClientConn) RPC(err error) (*SubConn, error) {
	cc.tb.Helper()
	sc, done, pickErr := cc.pick()
	if pickErr != nil {
		return nil, pickErr
	}
	info := balancer.DoneInfo{Err: err, BytesSent: true, BytesReceived: true}
	if sc.State() != connectivity.Ready {
		sc, info, pickErr = nil, balancer.DoneInfo{}, balancer.ErrNoSubConnAvailable
	}
	if done != nil {
		done(info)
	}
	return sc, pickErr
}

func (cc *ClientConn) pick() (*SubConn, func(balancer.DoneInfo), error) {
	cc.tb.Helper()
	return cc.pickWith(cc.State().Picker)
}

func (cc *ClientConn) pickWith(picker balancer.Picker) (*SubConn, func(balancer.DoneInfo), error) {
	cc.tb.Helper()
	if picker == nil {
		return nil, nil, balancer.ErrNoSubConnAvailable
	}
	res, err := picker.Pick(balancer.PickInfo{FullMethodName: "/test/Method", Ctx: cc.tb.Context()})
	if err != nil {
		return nil, nil, err
	}
	sc, ok := res.SubConn.(*SubConn)
	if !ok {
		cc.tb.Fatalf("balancertest: pick: SubConn is a %T, not one that NewSubConn returned", res.SubConn)
	}
	if sc.cc != cc {
		cc.tb.Fatalf("balancertest: pick: %v is of another channel", sc)
	}
	return sc, res.Done, nil
}
