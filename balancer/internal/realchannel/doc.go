// Package realchannel has only tests: of the policies on real channels, with
// real servers on loopback ports, as a program has them.
//
//	go test ./balancer/internal/realchannel
package realchannel
