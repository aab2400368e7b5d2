package zoneaware_test

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/grpc-balancer2/balancer2/examples/policies/zoneaware" // registers zone_aware
)

// The resolver says where the endpoints are, and the service config where the client is.
func Example() {
	near := resolver.Endpoint{Addresses: []resolver.Address{{Addr: "10.1.0.1:50051"}}}
	far := resolver.Endpoint{Addresses: []resolver.Address{{Addr: "10.2.0.1:50051"}}}
	r := manual.NewBuilderWithScheme("zoned")
	r.InitialState(resolver.State{Endpoints: []resolver.Endpoint{
		zoneaware.SetZone(near, "eu-1a"),
		zoneaware.SetZone(far, "eu-1b"),
	}})
	conn, err := grpc.NewClient("zoned:///echo",
		grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"zone_aware": {"zone": "eu-1a"}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conn.Close())
	// Output: <nil>
}
