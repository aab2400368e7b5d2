// Command subsetting has each of many clients connect to a few of many servers. gRPC's
// random_subsetting_experimental chooses them, and round_robin2 spreads RPCs over them.
//
//	go run ./examples/subsetting
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/grpc-balancer2/balancer2/examples/internal/program"
)

func main() {
	var s settings
	flag.IntVar(&s.servers, "servers", 20, "servers")
	flag.IntVar(&s.subset, "subset", 5, "servers that each client connects to")
	flag.IntVar(&s.few, "few", 8, "clients at first")
	flag.IntVar(&s.many, "many", 100, "clients later")
	program.Program{
		Name:    "subsetting",
		Summary: "Shows clients that connect to a random subset of the servers.",
		Command: "go run ./examples/subsetting",
	}.Main(func(ctx context.Context) error {
		_, err := s.run(ctx, os.Stdout)
		return err
	})
}

// serviceConfig selects round_robin2 over a subset of the endpoints (gRFC A68).
func serviceConfig(subset int) string {
	return fmt.Sprintf(`{"loadBalancingConfig": [{"random_subsetting_experimental": {
		"subsetSize": %d,
		"childPolicy": [{"round_robin2": {}}]
	}}]}`, subset)
}
