// Package realchannel has only tests: of the policies on real channels to real
// servers, as a program has them. The servers and clients are those of
// internal/channeltest.
//
//	go test ./balancer/internal/realchannel
package realchannel
