package roundrobin2_test

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers round_robin2
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// The import of balancer registers the policy, the service config selects it.
func Example() {
	conn, err := grpc.NewClient("dns:///echo.example.com:50051",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(roundrobin2.ServiceConfig))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(roundrobin2.ServiceConfig)
	fmt.Println(conn.Close())
	// Output:
	// {"loadBalancingConfig": [{"round_robin2": {}}]}
	// <nil>
}
