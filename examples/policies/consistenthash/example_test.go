package consistenthash_test

import (
	"context"
	"log"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/examples/policies/consistenthash"
)

// RPCs of the same user go to the same server, or to the next one while that is down.
func Example() {
	client, err := grpc.NewClient("dns:///sessions.example.com:443",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"consistent_hash": {"onFailure": "next"}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	ctx := consistenthash.WithKey(context.Background(), "user-17")
	_ = ctx // pass it to the RPCs of the user
	// Output:
}
