package metrics

import (
	"google.golang.org/grpc/balancer"
	estats "google.golang.org/grpc/experimental/stats"
)

// recorder is the MetricsRecorder that a metered policy gets from its ClientConn.
// Policies pass it to their children even if they wrap the ClientConn, so it tells
// which metered policies a policy is inside of.
type recorder struct {
	estats.MetricsRecorder                        // where records go
	outer                  estats.MetricsRecorder // the one of the ClientConn around the policy
	metrics                *Metrics
}

// MetricsRecorder implements [balancer.ClientConn].
func (inst *instance) MetricsRecorder() estats.MetricsRecorder {
	outer := inst.ClientConn.MetricsRecorder()
	r := &recorder{MetricsRecorder: outer, outer: outer, metrics: inst.metrics}
	if !isInside(outer, inst.metrics) { // else the outer policy records for both
		r.MetricsRecorder = inst.instruments.Tee(outer)
	}
	return r
}

// insideMetered reports whether a policy that is built with cc is inside another
// that m meters.
func insideMetered(cc balancer.ClientConn, m *Metrics) bool {
	return isInside(cc.MetricsRecorder(), m)
}

// isInside reports whether outer is the recorder of a policy that m meters, or
// inside of one.
func isInside(outer estats.MetricsRecorder, m *Metrics) bool {
	r, ok := outer.(*recorder)
	for ; ok; r, ok = r.outer.(*recorder) {
		if r.metrics == m {
			return true
		}
	}
	return false
}

// barePolicy is a policy that is not metered, inside another that is. It removes the
// decorator's settings from the config, because the policy does not know them.
type barePolicy struct {
	balancer.Balancer
	name   string
	warned bool // that settings have no effect
}

// buildBare builds the policy without metering it.
func (b *builder) buildBare(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	inner := b.Builder.Build(cc, opts)
	if inner == nil {
		return nil
	}
	return &barePolicy{Balancer: inner, name: b.name}
}

// UpdateClientConnState implements [balancer.Balancer].
func (p *barePolicy) UpdateClientConnState(s balancer.ClientConnState) error {
	if _, ok := s.BalancerConfig.(*config); ok {
		s, _ = unwrapConfig(s, false)
		if !p.warned {
			p.warned = true
			logger.Warningf("%s: config field %q has no effect: the policy is inside another, which is metered in its place and takes the settings in its own config", p.name, configField)
		}
	}
	return p.Balancer.UpdateClientConnState(s)
}
