package balancertest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/randomsubsetting"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// inExample takes the place of the *testing.T that an Example does not have.
type inExample struct{ testing.TB }

func (inExample) Helper()                  {}
func (inExample) Context() context.Context { return context.Background() }

// A test of a policy, here grpc-go's round_robin. One of two connections is lost,
// and picks go to the other.
func ExampleNewClientConn() {
	var t testing.TB = inExample{}

	cc := balancertest.NewClientConn(t)
	policy := cc.Build(balancer.Get(roundrobin.Name))
	defer policy.Close()

	if err := policy.Update(balancertest.Endpoints("10.0.0.1:50051", "10.0.0.2:50051")...); err != nil {
		fmt.Println(err)
	}
	for _, sc := range cc.Live() {
		sc.Ready()
	}
	cc.SubConn("10.0.0.1:50051").Idle()

	for range 2 {
		sc, err := cc.Pick()
		fmt.Println(sc.Addr(), err)
	}
	fmt.Println(cc.State().ConnectivityState)
	// Output:
	// 10.0.0.2:50051 <nil>
	// 10.0.0.2:50051 <nil>
	// READY
}

// A test of a policy, here grpc-go's round_robin, which needs two exceptions. Check
// tests what all policies must do. Where RPCs should go is for the policy's own
// tests.
func ExampleCheck() {
	// In a file named *_test.go this is a test.
	TestMyPolicy := func(t *testing.T) {
		balancertest.Check(t, balancer.Get(roundrobin.Name), balancertest.ShutsDownFirst, balancertest.SerialExitIdle)
	}
	_ = TestMyPolicy
}

// A policy, here grpc-go's random_subsetting, that refuses a config without these
// fields.
func ExampleConfigFields() {
	config := balancertest.ConfigFields(`{"subsetSize": 2, "childPolicy": [{"round_robin": {}}]}`)
	// In a file named *_test.go this is a test.
	TestMyPolicy := func(t *testing.T) {
		balancertest.Check(t, balancer.Get(randomsubsetting.Name), config, balancertest.ShutsDownFirst, balancertest.SerialExitIdle)
	}
	_ = TestMyPolicy
}

// A policy that uses only the endpoints of its zone.
func ExampleMapEndpoints() {
	inZone := balancertest.MapEndpoints(func(endpoints []resolver.Endpoint) []resolver.Endpoint {
		for i, e := range endpoints {
			endpoints[i] = balancertest.WithAttribute(e, zone{}, "eu-1")
		}
		return endpoints
	})
	// In a file named *_test.go this is a test.
	TestMyPolicy := func(t *testing.T) {
		balancertest.Check(t, balancer.Get("by_zone"), inZone)
	}
	_ = TestMyPolicy
}

// The events of a connection that is lost and made again.
func ExampleClientConn_Events() {
	var t testing.TB = inExample{}

	cc := balancertest.NewClientConn(t)
	policy := cc.Build(balancer.Get(pickfirst.Name))
	if err := policy.Update(balancertest.Endpoint("10.0.0.1:50051")); err != nil {
		fmt.Println(err)
	}
	cc.SubConn("10.0.0.1:50051").Ready()

	cc.Record()
	cc.SubConn("10.0.0.1:50051").Idle()
	policy.ExitIdle()
	cc.SubConn("10.0.0.1:50051").Ready()
	policy.Close()

	fmt.Println(strings.Join(cc.Events(), "\n"))
	// Output:
	// SubConn 0 to 10.0.0.1:50051: IDLE
	// policy reports IDLE, picker *pickfirst.idlePicker
	// exit idle
	// policy reports CONNECTING, picker *pickfirst.picker
	// SubConn 0 to 10.0.0.1:50051: Connect
	// SubConn 0 to 10.0.0.1:50051: CONNECTING
	// SubConn 0 to 10.0.0.1:50051: READY
	// policy reports READY, picker *pickfirst.picker
	// close
	// SubConn 0 to 10.0.0.1:50051: Shutdown
	// SubConn 0 to 10.0.0.1:50051: SHUTDOWN
}
