// Command client is the client half of the load-balancing example. Its resolver
// gives gRPC the TLS name of each server; with -server-name=channel it does not,
// and no server can prove the name that gRPC then asks for.
//
//	go run ./examples/load_balancing/client
//	go run ./examples/load_balancing/client -server-name=channel
//	go run ./examples/load_balancing/client -keep -backends-file FILE    # servers come and go
package main

import "github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/scenario"

func main() { scenario.Main(scenario.RunClient) }
