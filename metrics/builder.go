package metrics

import (
	"encoding/json"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

// Instrument returns a builder with the name, the config and the policies of b,
// which reports to m what these policies do. It is for [balancer.Register],
// from an init function:
//
//	balancer.Register(metrics.Default.Instrument(balancer.Get("round_robin")))
//
// In the policy's config the field "metrics" is for the decorator, see
// [WithLatency], if it is an object with the field "latency", or without any. It
// is then taken out, and mistakes in it are errors. Anything else under that name
// is a field of the policy's own, which gets its config as it is. Of a policy that
// takes no config the field is always for the decorator.
//
// A parent that looks into its child's picker sees the decorator's. With gRPC's
// endpointsharding.ChildStatesFromPicker a parent finds the children of its
// round_robin; of an instrumented one it finds none. There is no error, and
// nothing is logged, as the decorator cannot know that a parent asks. Instrument
// such a parent instead of its child. Or meter both with
// [Metrics.InstrumentRegistered], which leaves the child bare. Or give the
// instrumented child a name of its own with InstrumentAs.
//
// A builder that m has instrumented already is returned as it is, so that
// nothing is counted twice. Instrument panics if b is nil.
func (m *Metrics) Instrument(b balancer.Builder) balancer.Builder {
	if b == nil {
		panic(nilBuilder)
	}
	return m.InstrumentAs(b.Name(), b)
}

const nilBuilder = "metrics: instrument policy: nil builder; if it comes from balancer.Get, import the package that registers the policy"

// InstrumentAs is Instrument for a builder that gets another name, in gRPC's
// registry and in the label grpc_lb_policy. With it one policy can be
// registered more than once, each time with a Metrics of its own.
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

// builder builds metered policies. It always takes a config, for there may be a
// part for the decorator.
type builder struct {
	balancer.Builder
	metrics *Metrics
	name    string

	onlyOutermost bool // its policies are bare inside others that metrics meters
}

// Name implements [balancer.Builder].
func (b *builder) Name() string { return b.name }

// Build implements [balancer.Builder].
func (b *builder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	if b.onlyOutermost && insideMetered(cc, b.metrics) {
		return b.buildBare(cc, opts)
	}
	inst := newInstance(cc, b.metrics, targetKey{
		target: label(opts.Target.String()),
		policy: label(b.name),
	})
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
		rest = js // the settings are for each of them
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

// parsePolicyConfig lets the policy parse its part. For one that takes no
// config it does what gRPC does.
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
	s, timed := unwrapConfig(s, p.instance.metrics.latency)
	p.instance.timed.Store(timed)
	err := p.Balancer.UpdateClientConnState(s)
	if err != nil {
		p.instance.targetRecord.rejected.Add(1)
	} else {
		p.instance.targetRecord.accepted.Add(1)
	}
	return err
}

// ResolverError implements [balancer.Balancer].
func (p *meteredPolicy) ResolverError(err error) {
	p.instance.targetRecord.resolverErrors.Add(1)
	p.Balancer.ResolverError(err)
}

// Close implements [balancer.Balancer]. The policy closes first, so that the
// SubConns that it shuts down are released one by one; close releases the rest.
func (p *meteredPolicy) Close() {
	p.Balancer.Close()
	p.instance.close()
}
