package metrics_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// stub is a policy and its builder. It does nothing by itself: the test acts for it
// through cc. The zero value is ready to be built once.
type stub struct {
	balancer.Balancer // nil

	name   string
	refuse bool // Build returns nil

	cc        balancer.ClientConn
	opts      balancer.BuildOptions
	config    serviceconfig.LoadBalancingConfig // config of the last update
	updateErr error
	resolver  error // last error of the resolver
	onClose   func()
	onLegacy  func(balancer.SubConn, balancer.SubConnState)
	exitIdle  int
}

func (s *stub) Name() string {
	if s.name == "" {
		return "stub"
	}
	return s.name
}

func (s *stub) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	s.cc, s.opts = cc, opts
	if s.refuse {
		return nil
	}
	return s
}

func (s *stub) ResolverError(err error) { s.resolver = err }
func (s *stub) ExitIdle()               { s.exitIdle++ }

func (s *stub) UpdateClientConnState(state balancer.ClientConnState) error {
	s.config = state.BalancerConfig
	return s.updateErr
}

func (s *stub) UpdateSubConnState(sc balancer.SubConn, state balancer.SubConnState) {
	s.onLegacy(sc, state)
}

func (s *stub) Close() {
	if s.onClose != nil {
		s.onClose()
	}
}

// connect makes a SubConn to the address and calls Connect.
func (s *stub) connect(tb testing.TB, addr string) balancer.SubConn {
	tb.Helper()
	return s.connectWith(tb, addr, func(balancer.SubConnState) {})
}

func (s *stub) connectWith(tb testing.TB, addr string, listener func(balancer.SubConnState)) balancer.SubConn {
	tb.Helper()
	sc, err := s.cc.NewSubConn([]resolver.Address{{Addr: addr}}, balancer.NewSubConnOptions{StateListener: listener})
	if err != nil {
		tb.Fatalf("NewSubConn: %v", err)
	}
	sc.Connect()
	return sc
}

// publish reports a picker that always returns the same result.
func (s *stub) publish(res balancer.PickResult, err error) {
	s.cc.UpdateState(balancer.State{
		ConnectivityState: connectivity.Ready,
		Picker:            pickerFunc(func(balancer.PickInfo) (balancer.PickResult, error) { return res, err }),
	})
}

// pickerFunc is a picker made of a function.
type pickerFunc func(balancer.PickInfo) (balancer.PickResult, error)

func (f pickerFunc) Pick(info balancer.PickInfo) (balancer.PickResult, error) { return f(info) }

// parsingStub is a stub that takes a config.
type parsingStub struct{ stub }

type stubConfig struct {
	serviceconfig.LoadBalancingConfig
	Raw string
}

func (*parsingStub) ParseConfig(config json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	if !json.Valid(config) {
		return nil, errors.New("not JSON")
	}
	if bytes.Contains(config, []byte(`"bad"`)) {
		return nil, errors.New("bad is bad")
	}
	return &stubConfig{Raw: string(config)}, nil
}

// metered builds an instrumented stub on a fake channel.
func metered(tb testing.TB, m *metrics.Metrics) (*stub, *balancertest.ClientConn, *balancertest.Policy) {
	tb.Helper()
	s := &stub{}
	cc := balancertest.NewClientConn(tb)
	return s, cc, cc.Build(m.Instrument(s))
}
