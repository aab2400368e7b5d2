package metrics

import "google.golang.org/grpc/balancer"

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
// such a parent instead of its child, or give the instrumented child a name of its
// own with InstrumentAs.
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
	for own, ok := b.(*builder); ok; own, ok = own.Builder.(*builder) {
		if own.metrics == m && own.name == name {
			return b
		}
	}
	if own, ok := b.(*builder); ok && own.metrics == m {
		b = own.Builder
	}
	return &builder{Builder: b, metrics: m, name: name}
}

// builder builds metered policies. It always takes a config, for there may be a
// part for the decorator.
type builder struct {
	balancer.Builder
	metrics *Metrics
	name    string
}

// Name implements [balancer.Builder].
func (b *builder) Name() string { return b.name }

// Build implements [balancer.Builder].
func (b *builder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	c := newChannel(cc, b.metrics, targetKey{
		target: label(opts.Target.String()),
		policy: label(b.name),
	})
	inner := b.Builder.Build(c, opts)
	if inner == nil {
		c.close()
		return nil
	}
	c.built(inner)
	return &policy{Balancer: inner, channel: c}
}

// policy stands where gRPC sees the policy. What it does not intercept goes to
// the embedded policy.
type policy struct {
	balancer.Balancer
	channel *channel
}

// UpdateClientConnState implements [balancer.Balancer].
func (p *policy) UpdateClientConnState(s balancer.ClientConnState) error {
	p.channel.keepAttributes(s.ResolverState.Endpoints)
	err := p.Balancer.UpdateClientConnState(p.channel.configure(s))
	if err != nil {
		p.channel.target.rejected.Add(1)
	} else {
		p.channel.target.accepted.Add(1)
	}
	return err
}

// ResolverError implements [balancer.Balancer].
func (p *policy) ResolverError(err error) {
	p.channel.target.resolverErrors.Add(1)
	p.Balancer.ResolverError(err)
}

// Close implements [balancer.Balancer]. The policy closes first, so that the
// SubConns that it shuts down leave one by one; the rest leaves with it.
func (p *policy) Close() {
	p.Balancer.Close()
	p.channel.close()
}
