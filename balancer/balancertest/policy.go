package balancertest

import (
	"encoding/json"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
)

// Policy calls a policy under test as gRPC's channel does: one call at a time,
// and never during a SubConn's state change. Its methods fail the test if they are
// called from inside a call of the policy, because that call would wait for itself.
type Policy struct {
	cc      *ClientConn
	builder balancer.Builder
	policy  balancer.Balancer
	closed  bool // guarded by the serializer
}

// call runs do, a call to the policy's method name, in the serializer.
func (p *Policy) call(name string, do func()) {
	p.cc.tb.Helper()
	if !p.cc.serial.run(do) {
		p.cc.tb.Fatalf("balancertest: %s: called from inside a call of the policy, which would wait for itself; call it after that call has returned, or on a goroutine that the policy does not wait for", name)
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
// config, given as JSON. As in gRPC, the builder parses the config; a policy whose
// builder has no ParseConfig gets none. UpdateWithConfig fails the test if the
// builder rejects the config.
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

// ResolverError sends a resolver error.
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

// Close closes the policy. SubConns that the policy does not shut down stay in
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
