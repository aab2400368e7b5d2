package pickfirst2

import (
	"cmp"

	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

type healthGateKey struct{}

// EnableHealthListener returns the resolver state with an attribute for a
// pick_first2 policy: it makes the policy report READY only while the health
// listener of its SubConn does. Health checks (gRFC A17) and the ejections of
// outlier detection (gRFC A50) then take effect. It is for parents of pick_first2,
// which pass the state on to it. The function of the same name in grpc-go's
// package pickfirst has the same effect.
func EnableHealthListener(state resolver.State) resolver.State {
	state.Attributes = state.Attributes.WithValue(healthGateKey{}, true)
	return state
}

func healthGateEnabled(state resolver.State) bool {
	return state.Attributes.Value(healthGateKey{}) != nil || enabledForPickFirst(state)
}

// enabledForPickFirst tells whether the parent has called the EnableHealthListener
// of grpc-go's package pickfirst. The key of its attribute is private. But if the
// attribute is there, setting it again makes no difference.
func enabledForPickFirst(state resolver.State) (enabled bool) {
	// Equal panics at attributes that cannot be compared. It looks at the newest
	// attribute first, which is the one of pickfirst. So if it comes to another
	// one, that of pickfirst is there.
	defer func() {
		if recover() != nil {
			enabled = true
		}
	}()
	return pickfirst.EnableHealthListener(state).Attributes.Equal(state.Attributes)
}

// becameReady reports that m.sel is READY. If the health gate is on, it leaves the
// report to the health listener.
func (m *machine) becameReady(out *effects) {
	m.reporter.connected()
	if !m.healthGate {
		m.reporter.ready(out, m.sel)
		return
	}
	m.reporter.connecting(out)
	out.watchHealth(m.sel)
}

// onHealth handles an update of the health listener on sub.
func (m *machine) onHealth(out *effects, sub *subchannel, state connectivity.State, err error) {
	if m.phase != chosen || m.sel != sub {
		return
	}
	sub.err = nil
	switch state {
	case connectivity.Ready:
		m.reporter.ready(out, sub)
	case connectivity.Connecting:
		m.reporter.connecting(out)
	case connectivity.TransientFailure:
		sub.err = cmp.Or(err, errNoCause)
		m.reporter.unusable(out, m.failure())
	}
}
