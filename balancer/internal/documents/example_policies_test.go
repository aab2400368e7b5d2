package documents_test

import (
	"fmt"
	"log"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers pick_first2 and round_robin2
	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

var creds = insecure.NewCredentials()

// What the README has a user write second: it switches to round_robin2.
func Example_policies() {
	conn, err := grpc.NewClient("dns:///echo.example.com:50051", grpc.WithTransportCredentials(creds),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin2": {}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conn.Close())
	// Output: <nil>
}

// A binary that lacks the first policy uses the second.
func Example_fallback() {
	config := lbconfig.ServiceConfig("round_robin2", "round_robin")
	fmt.Println(strings.ReplaceAll(config, " ", ""))
	conn, err := grpc.NewClient("dns:///echo.example.com:50051", grpc.WithTransportCredentials(creds),
		grpc.WithDefaultServiceConfig(config))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conn.Close())
	// Output:
	// {"loadBalancingConfig":[{"round_robin2":{}},{"round_robin":{}}]}
	// <nil>
}

// A channel without a service config is not metered: an empty one selects pick_first, too.
func Example_emptyServiceConfig() {
	conn, err := grpc.NewClient("dns:///echo.example.com:50051", grpc.WithTransportCredentials(creds),
		grpc.WithDefaultServiceConfig("{}"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conn.Close())
	// Output: <nil>
}

// An unregistered name alone fails; in the older field it silently means pick_first.
func Example_unknownNames() {
	for _, config := range []string{
		`{"loadBalancingConfig": [{"Round_Robin2": {}}]}`,
		`{"loadBalancingPolicy": "Round_Robin2"}`,
	} {
		conn, err := grpc.NewClient("dns:///echo.example.com:50051", grpc.WithTransportCredentials(creds),
			grpc.WithDefaultServiceConfig(config))
		fmt.Println(err)
		if err == nil {
			_ = conn.Close()
		}
	}
	// Output:
	// grpc: the provided default service config is invalid: no supported policies found in config: [{"Round_Robin2": {}}]
	// <nil>
}

// A setting of the program switches some clients to round_robin2.
func Example_canary() {
	for _, setting := range []string{"", "on"} {
		if err := os.Setenv("ROUND_ROBIN2", setting); err != nil {
			log.Fatal(err)
		}
		config := lbconfig.ServiceConfig("round_robin")
		if os.Getenv("ROUND_ROBIN2") == "on" {
			config = lbconfig.ServiceConfig("round_robin2", "round_robin")
		}
		fmt.Println(strings.ReplaceAll(config, " ", ""))
	}
	// Output:
	// {"loadBalancingConfig":[{"round_robin":{}}]}
	// {"loadBalancingConfig":[{"round_robin2":{}},{"round_robin":{}}]}
}
