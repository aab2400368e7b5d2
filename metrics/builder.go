package metrics

import (
	"encoding/json"
	"strings"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"
)

// Instrument returns a builder with the name, the config parser (if it has
// one) and the policies of b, which reports what these policies do to m. It is
// for [balancer.Register], from an init function:
//
//	balancer.Register(metrics.Default.Instrument(balancer.Get("round_robin")))
//
// A builder that m has instrumented already is returned as it is, so that
// nothing is counted twice. Instrument panics if b is nil.
func (m *Metrics) Instrument(b balancer.Builder) balancer.Builder {
	if b == nil {
		panic("metrics: instrument policy: nil builder; if it comes from balancer.Get, import the package that registers the policy")
	}
	if own, ok := b.(interface{ reportsTo() *Metrics }); ok && own.reportsTo() == m {
		return b
	}
	instrumented := &builder{Builder: b, metrics: m}
	if parser, ok := b.(balancer.ConfigParser); ok {
		return &parsingBuilder{builder: instrumented, parser: parser}
	}
	return instrumented
}

// builder builds metered policies.
type builder struct {
	balancer.Builder
	metrics *Metrics
}

func (b *builder) reportsTo() *Metrics { return b.metrics }

// Build implements [balancer.Builder].
func (b *builder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	c := &channel{
		ClientConn: cc,
		metrics:    b.metrics,
		target: b.metrics.openTarget(targetKey{
			target: label(opts.Target.String()),
			policy: label(b.Name()),
		}),
		live: make(map[*subConn]struct{}),
	}
	inner := b.Builder.Build(c, opts)
	if inner == nil {
		c.close()
		return nil
	}
	c.policy = inner
	return &policy{Balancer: inner, channel: c}
}

// parsingBuilder is a builder whose policy takes a config. It is a type of its
// own because gRPC asks the type whether there is a parser.
type parsingBuilder struct {
	*builder
	parser balancer.ConfigParser
}

// ParseConfig implements [balancer.ConfigParser].
func (b *parsingBuilder) ParseConfig(config json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	return b.parser.ParseConfig(config)
}

// policy stands where gRPC sees the policy. What it does not intercept goes to
// the embedded policy.
type policy struct {
	balancer.Balancer
	channel *channel
}

// UpdateClientConnState implements [balancer.Balancer].
func (p *policy) UpdateClientConnState(s balancer.ClientConnState) error {
	err := p.Balancer.UpdateClientConnState(s)
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

// label makes s fit for the value of a Prometheus label.
func label(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
