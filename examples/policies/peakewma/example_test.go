package peakewma_test

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	_ "github.com/grpc-balancer2/balancer2/examples/policies/peakewma" // registers peak_ewma
)

// The import registers the policy, the service config selects it.
func Example() {
	conn, err := grpc.NewClient("dns:///echo.example.com:50051",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"peak_ewma": {"decaySeconds": 10}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conn.Close())
	// Output: <nil>
}
