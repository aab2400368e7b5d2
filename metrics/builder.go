package metrics

import (
	"encoding/json"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Instrument returns a builder that builds the policies of b, metered by m. It
// has the name of b and takes the same config. Pass it to [balancer.Register] in
// an init function:
//
//	balancer.Register(metrics.Default().Instrument(balancer.Get("round_robin")))
//
// The field "balancer2Metrics" of the policy's config belongs to the decorator, see
// [WithLatency], if it is an object that is empty or has the field "latency". The
// policy does not see it then, and mistakes in it are errors. Any other value
// belongs to the policy, which gets its config unchanged. If the policy takes no
// config, the field always belongs to the decorator.
//
// A parent policy that looks into its child's picker finds the decorator's picker.
// For example, gRPC's endpointsharding.ChildStatesFromPicker finds the children of
// round_robin, but not those of an instrumented round_robin. It returns no error,
// and nothing is logged, because the decorator does not notice. Instrument such a
// parent instead of its child; or meter both with [Metrics.InstrumentRegistered],
// which then does not meter the child; or register the instrumented child under
// another name with InstrumentAs.
//
// If m has instrumented b already, Instrument returns b, so that nothing is
// counted twice. It panics if b is nil.
func (m *Metrics) Instrument(b balancer.Builder) balancer.Builder {
	if b == nil {
		panic(nilBuilder)
	}
	return m.InstrumentAs(b.Name(), b)
}

const nilBuilder = "metrics: instrument policy: nil builder; if it comes from balancer.Get, import the package that registers the policy"

// InstrumentAs is like Instrument, but the builder has another name, which is
// also the value of the label grpc_lb_policy. One policy can thus be registered
// several times, each time with another Metrics.
func (m *Metrics) InstrumentAs(name string, b balancer.Builder) balancer.Builder {
	if b == nil {
		panic(nilBuilder)
	}
	if m.meters(b, name) {
		return b
	}
	if metered, ok := b.(*builder); ok && metered.metrics == m {
		b = metered.Builder
	}
	return &builder{Builder: b, metrics: m, name: name}
}

// meters reports whether m has instrumented b under the name.
func (m *Metrics) meters(b balancer.Builder, name string) bool {
	for metered, ok := b.(*builder); ok; metered, ok = metered.Builder.(*builder) {
		if metered.metrics == m && metered.name == name {
			return true
		}
	}
	return false
}

// builder builds metered policies. It always takes a config, which may have a
// part for the decorator even if the policy takes none.
type builder struct {
	balancer.Builder
	metrics *Metrics
	name    string

	onlyOutermost bool // its policies are not metered inside others that metrics meters
}

// Name implements [balancer.Builder].
func (b *builder) Name() string { return b.name }

// Build implements [balancer.Builder].
func (b *builder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	if b.onlyOutermost && insideMetered(cc, b.metrics) {
		return b.buildBare(cc, opts)
	}
	inst := newInstance(cc, b.metrics, opts.Target.String(), b.name)
	inner := b.Builder.Build(inst, opts)
	if inner == nil {
		inst.close()
		return nil
	}
	inst.events.open(inner)
	return &meteredPolicy{Balancer: inner, instance: inst}
}

// ParseConfig implements [balancer.ConfigParser].
func (b *builder) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	_, takesConfig := b.Builder.(balancer.ConfigParser)
	part, rest, found := cutSettings(js, takesConfig)
	if !found {
		return b.parsePolicyConfig(js)
	}
	if _, nested := b.Builder.(*builder); nested {
		rest = js // the settings are for both decorators
	}
	s, err := lbconfig.Parse[settings](b.name+": "+configField, part)
	if err != nil {
		return nil, err
	}
	inner, err := b.parsePolicyConfig(rest)
	if err != nil {
		return nil, err
	}
	return &config{settings: s, policyConfig: inner}, nil
}

// parsePolicyConfig lets the policy parse its config. If the policy takes none, it
// warns about a config that is not empty, as gRPC does.
func (b *builder) parsePolicyConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	if parser, ok := b.Builder.(balancer.ConfigParser); ok {
		return parser.ParseConfig(js)
	}
	if string(js) != "{}" {
		logger.Warningf("%s: parse config: ignoring %s: the policy takes no config", b.name, js)
	}
	return nil, nil
}

// meteredPolicy is the policy that gRPC sees. What it does not intercept goes to
// the embedded policy.
type meteredPolicy struct {
	balancer.Balancer
	instance *instance
}

// UpdateClientConnState implements [balancer.Balancer].
func (p *meteredPolicy) UpdateClientConnState(s balancer.ClientConnState) error {
	p.instance.namer.keepAttributes(s.ResolverState.Endpoints)
	s, timed := unwrapConfig(s, p.instance.options.latency)
	p.instance.timed.Store(timed)
	if change := p.instance.resolver.updated(&s.ResolverState); change != nil {
		p.instance.tell(happening{kind: livestatus.ResolverUpdate, change: change})
	}
	err := p.Balancer.UpdateClientConnState(s)
	if err != nil {
		p.instance.targetRecord.rejected.Add(1)
		p.instance.tell(happening{kind: livestatus.UpdateRejected, err: err})
	} else {
		p.instance.targetRecord.accepted.Add(1)
	}
	return err
}

// ResolverError implements [balancer.Balancer].
func (p *meteredPolicy) ResolverError(err error) {
	p.instance.targetRecord.resolverErrors.Add(1)
	p.instance.resolver.failed()
	p.instance.tell(happening{kind: livestatus.ResolverError, err: err})
	p.Balancer.ResolverError(err)
}

// Close implements [balancer.Balancer]. The policy closes first and may shut down
// SubConns; close releases the others.
func (p *meteredPolicy) Close() {
	p.Balancer.Close()
	p.instance.close()
}
