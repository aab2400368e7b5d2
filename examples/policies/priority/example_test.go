package priority_test

import (
	"fmt"
	"log"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/grpc-balancer2/balancer2/examples/policies/priority"
)

// The resolver says what the groups are. This client prefers the backup.
func Example() {
	endpoint := func(addr, group string) resolver.Endpoint {
		return priority.SetGroup(resolver.Endpoint{Addresses: []resolver.Address{{Addr: addr}}}, group)
	}
	state := resolver.State{Endpoints: []resolver.Endpoint{
		endpoint("10.0.0.1:443", "primary"),
		endpoint("10.1.0.1:443", "backup"),
	}}
	r := manual.NewBuilderWithScheme("store")
	r.InitialState(priority.SetOrder(state, "primary", "backup"))

	client, err := grpc.NewClient("store:///store.example.com?prefer=backup",
		grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"priority": {"failoverAfterSeconds": 0.5}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	fmt.Println(client.GetState())
	// Output: IDLE
}
