package pickfirst2

import (
	"cmp"

	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

type healthGateKey struct{}

// EnableHealthListener returns the resolver state with an attribute that makes
// a pick_first2 policy report READY only while the health listener of its
// SubConn does (gRFC A17, and the ejections of outlier detection, gRFC A50).
// It is for policies that have pick_first2 as their child: they pass the state
// on to it. That of grpc-go's package pickfirst has the same effect.
func EnableHealthListener(state resolver.State) resolver.State {
	state.Attributes = state.Attributes.WithValue(healthGateKey{}, true)
	return state
}

func healthGateEnabled(state resolver.State) bool {
	return state.Attributes.Value(healthGateKey{}) != nil || enabledForPickFirst(state)
}

// enabledForPickFirst tells whether a parent that knows only grpc-go's
// pick_first has called EnableHealthListener of that package. Its attribute has
// a private key, but setting it once more makes no difference if it is there.
func enabledForPickFirst(state resolver.State) (enabled bool) {
	// Equal looks for the newest attribute first, which is the one in question.
	// So it comes to others, whose values may be of a kind that cannot be
	// compared, only if that one is there.
	defer func() {
		if recover() != nil {
			enabled = true
		}
	}()
	return pickfirst.EnableHealthListener(state).Attributes.Equal(state.Attributes)
}

// becameReady is called when m.sel has become READY. With the gate it is the
// health listener that says so to the channel.
func (m *machine) becameReady(out *effects) {
	m.reporter.connected()
	if !m.healthGate {
		m.reporter.ready(out, m.sel)
		return
	}
	m.reporter.connecting(out)
	out.watchHealth(m.sel)
}

// onHealth takes an update of the health listener on sub.
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
