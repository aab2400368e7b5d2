// Command load_balancing shows the policies of this module at work: it runs TLS
// servers, each with a certificate for its own name only, calls them through
// one channel with pick_first2 and one with round_robin2, and prints what the
// metrics say of it.
//
//	go run ./examples/load_balancing          # everything in one process
//	go run ./examples/load_balancing -keep    # goes on, for Prometheus to scrape
//	go run ./examples/load_balancing -h       # all flags
//
// The folders server and client hold the two halves as programs of their own.
package main

import "github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/scenario"

func main() { scenario.Main(scenario.RunAll) }
