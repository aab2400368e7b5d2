// Package realchannel has only tests. They run the policies on real channels to real
// servers. The servers and clients come from internal/channeltest.
//
//	go test ./balancer/internal/realchannel
package realchannel
