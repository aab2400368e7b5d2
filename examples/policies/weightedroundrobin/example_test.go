package weightedroundrobin_test

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	_ "github.com/grpc-balancer2/balancer2/examples/policies/weightedroundrobin" // registers weighted_round_robin2
)

// The resolver gives the endpoints weights, and the service config selects the policy.
func Example() {
	large := resolver.Endpoint{Addresses: []resolver.Address{{Addr: "10.0.0.1:50051"}}}
	small := resolver.Endpoint{Addresses: []resolver.Address{{Addr: "10.0.0.2:50051"}}}
	r := manual.NewBuilderWithScheme("weighted")
	r.InitialState(resolver.State{Endpoints: []resolver.Endpoint{
		weight.Set(large, weight.EndpointInfo{Weight: 4}),
		weight.Set(small, weight.EndpointInfo{Weight: 1}),
	}})
	conn, err := grpc.NewClient("weighted:///echo",
		grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"weighted_round_robin2": {"slowStart": {"windowSeconds": 60}}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conn.Close())
	// Output: <nil>
}
