// Command dns shows a gRPC client of a headless service in Kubernetes, with the policy
// round_robin2. It shows which pods get RPCs when pods are added and replaced, and when
// the client asks DNS again. The cluster is simulated in this process.
//
//	go -C examples/dns run .
package main

import (
	"context"
	"flag"
	"os"
	"time"

	"google.golang.org/grpc/resolver/dns"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/podchanges"
	"github.com/grpc-balancer2/balancer2/examples/internal/program"
)

func main() {
	s := podchanges.Settings{
		Pods: 3, Every: 5 * time.Millisecond, MinReady: 1500 * time.Millisecond,
		PreStop: 200 * time.Millisecond, Watch: 3 * time.Second,
	}
	flag.DurationVar(&s.MinResolutionInterval, "min-resolution-interval", time.Second,
		"how often the client may ask DNS; gRPC's default is 30s")
	flag.DurationVar(&s.MaxConnectionAge, "max-connection-age", 2*time.Second,
		"how long the servers keep a connection, where they limit it")
	flag.DurationVar(&s.ResolveEvery, "resolve-every", time.Second,
		"how often the policy asks DNS, where it does; at least 1s")
	program.Program{
		Name:    "dns",
		Summary: "Shows which pods of a headless service get RPCs, in a simulated cluster.",
		Command: "go -C examples/dns run .",
	}.Main(func(ctx context.Context) error {
		// This applies to all channels of the program, and must come before the first one.
		dns.SetMinResolutionInterval(s.MinResolutionInterval)
		return s.Run(ctx, os.Stdout)
	})
}
