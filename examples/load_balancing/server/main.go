// Command server is the server half of the load-balancing example: echo servers
// on the ports of -backends, each with the certificate of its name, until it is
// interrupted.
//
//	go run ./examples/load_balancing/server
//	go run ./examples/load_balancing/server -backends member3.etcd.local=127.0.0.1:50053
package main

import "github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/scenario"

func main() { scenario.Main(scenario.RunServer) }
