package balancertest_test

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// A test of a policy that counts RPCs in flight, here grpc-go's
// least_request_experimental. One RPC stays in flight, so the others go to the
// endpoint that has none. One pick in 1,000 makes all its ten choices the busy one.
func ExampleClientConn_Start() {
	var t testing.TB = inExample{}

	cc := balancertest.NewClientConn(t)
	policy := cc.Build(balancer.Get(leastrequest.Name))
	defer policy.Close()
	if err := policy.UpdateWithConfig(`{"choiceCount": 10}`, balancertest.Endpoints("10.0.0.1:50051", "10.0.0.2:50051")...); err != nil {
		fmt.Println(err)
	}
	for _, sc := range cc.Live() {
		sc.Ready()
	}

	slow, err := cc.Start(balancer.PickInfo{FullMethodName: "/shop.Shop/Order"})
	if err != nil {
		fmt.Println(err)
	}
	toBusy := 0
	for range 100 {
		sc, err := cc.RPC(nil)
		if err != nil {
			fmt.Println(err)
		}
		if sc == slow.SubConn() {
			toBusy++
		}
	}
	if toBusy > 10 {
		fmt.Printf("%d of 100 RPCs went to the endpoint with an RPC in flight\n", toBusy)
	}
	slow.End(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
	// Output:
}

type userKey struct{}

// A test of a policy that sends the RPCs of a user to the same endpoint, and lets
// them wait while that one is connecting.
func ExampleByKey() {
	rpcOf := func(user string) balancer.PickInfo {
		return balancer.PickInfo{Ctx: context.WithValue(context.Background(), userKey{}, user)}
	}
	// In a file named *_test.go this is a test.
	TestMyPolicy := func(t *testing.T) {
		balancertest.Check(t, balancer.Get("by_user"), balancertest.ByKey(rpcOf("ann"), rpcOf("bob"), rpcOf("eve")))
	}
	_ = TestMyPolicy
}

type zone struct{}

// Endpoints as a resolver sends them that knows more than addresses.
func ExampleWithWeight() {
	endpoints := []resolver.Endpoint{
		balancertest.WithWeight(balancertest.Endpoint("10.0.0.1:50051"), 3),
		balancertest.WithWeight(balancertest.WithAttribute(balancertest.Endpoint("10.0.0.2:50051"), zone{}, "eu-1"), 1),
	}
	fmt.Println(len(endpoints), endpoints[1].Attributes.Value(zone{}))
	// Output: 2 eu-1
}
