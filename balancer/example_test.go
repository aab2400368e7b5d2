package balancer_test

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers pick_first2 and round_robin2
)

// The import registers the policies; the service config of a channel selects
// one. /metrics is promhttp.Handler.
func Example() {
	conn, err := grpc.NewClient("dns:///echo.example.com:50051",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin2": {}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conn.Target(), conn.GetState())
	fmt.Println(conn.Close())
	// Output:
	// dns:///echo.example.com:50051 IDLE
	// <nil>
}
