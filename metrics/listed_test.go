package metrics_test

import (
	"net/url"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics"
)

var (
	up     = []connectivity.State{connecting, ready}
	failed = []connectivity.State{connecting, failure}
)

// listed describes a backend for the page.
type listed struct {
	name   string
	states []connectivity.State // states of its subchannel, in order
	err    error                // error of each TRANSIENT_FAILURE
	ends   []codes.Code         // codes of its RPCs that ended
	open   int                  // number of RPCs in flight
	gone   bool                 // the subchannel is shut down at the end
}

// list makes a channel with the backends. It calls between before each state.
func list(tb testing.TB, m *metrics.Metrics, target, policy string, between func(), backends ...listed) {
	tb.Helper()
	u, err := url.Parse(target)
	if err != nil {
		tb.Fatal(err)
	}
	cc, s := &looseConn{}, &stub{name: policy}
	m.Instrument(s).Build(cc, balancer.BuildOptions{Target: resolver.Target{URL: *u}})
	for i, b := range backends {
		sc := s.connect(tb, b.name)
		for _, state := range b.states {
			between()
			cc.made[i].listener(balancer.SubConnState{ConnectivityState: state, ConnectionError: b.err})
		}
		s.publish(balancer.PickResult{SubConn: sc}, nil)
		for _, code := range b.ends {
			res, _ := cc.picker.Pick(balancer.PickInfo{})
			res.Done(balancer.DoneInfo{Err: status.Error(code, ""), BytesSent: true, BytesReceived: true})
		}
		for range b.open {
			_, _ = cc.picker.Pick(balancer.PickInfo{})
		}
		if b.gone {
			sc.Shutdown()
		}
	}
}

func atOnce() {}
