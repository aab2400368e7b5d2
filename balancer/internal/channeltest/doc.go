// Package channeltest provides servers and clients for tests of policies on real
// channels. The servers are gRPC servers on loopback ports, each with a certificate
// for its own name. The channels have a resolver that the test drives.
//
//	servers := channeltest.StartServers(t, 3)
//	c := channeltest.Dial(t, roundrobin2.Name, servers)
//	c.CallUntilEven(ctx, 30, servers.Addrs()...)
//	servers[1].Kill()
//	c.Await(ctx, "grpc_lb_ready_subchannels "+servers[1].Addr, 0)
//
// The test program must register the policies, for example by importing balancer.
// They must report to metrics.Default, because a Client reads their series there.
// Each Client has its own target, so it finds only its own series.
package channeltest
