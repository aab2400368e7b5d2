// Package channeltest has servers and clients for tests of policies on real
// channels, as a program has them: gRPC servers on loopback ports, each with a
// certificate for its own name, and channels with a resolver that the test
// drives.
//
//	servers := channeltest.StartServers(t, 3)
//	c := channeltest.Dial(t, roundrobin2.Name, servers)
//	c.CallUntilEven(ctx, 30, servers.Addrs()...)
//	servers[1].Kill()
//	c.Await(ctx, "grpc_lb_ready_subchannels "+servers[1].Addr, 0)
//
// The test program must register the policies, as by an import of balancer.
// They must report to metrics.Default, where a Client finds its series: each
// channel has a target of its own.
package channeltest
