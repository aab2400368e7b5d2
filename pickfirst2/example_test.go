package pickfirst2_test

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// A program with its own Prometheus registry has the policy report there. A real
// program does this in an init function, before it makes the first channel.
func ExampleNewBuilder() {
	m := metrics.New()
	prometheus.NewRegistry().MustRegister(m)
	balancer.Register(m.Instrument(pickfirst2.NewBuilder()))
	fmt.Println(balancer.Get(pickfirst2.Name).Name())
	// Output: pick_first2
}

// petiole is a policy with one pick_first2 policy as its child.
type petiole struct {
	balancer.Balancer // the child
}

// UpdateClientConnState passes the update on and enables health checks in the
// child.
func (p petiole) UpdateClientConnState(s balancer.ClientConnState) error {
	s.ResolverState = pickfirst2.EnableHealthListener(s.ResolverState)
	return p.Balancer.UpdateClientConnState(s)
}

func ExampleEnableHealthListener() {
	build := func(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
		return petiole{pickfirst2.NewBuilder().Build(cc, opts)}
	}
	_ = build // the Build method of the policy's builder

	state := resolver.State{Endpoints: []resolver.Endpoint{{Addresses: []resolver.Address{{Addr: "10.0.0.1:50051"}}}}}
	fmt.Println(len(pickfirst2.EnableHealthListener(state).Endpoints))
	// Output: 1
}
