package balancertest_test

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// inExample stands for the *testing.T that a test has and an Example has not.
type inExample struct{ testing.TB }

func (inExample) Helper()                  {}
func (inExample) Context() context.Context { return context.Background() }

// A test of a policy, here grpc-go's round_robin: one of two connections is
// lost, and picks go to the other.
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
