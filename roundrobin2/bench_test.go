package roundrobin2_test

import (
	"fmt"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// policies are compared as their users have them: round_robin2 is metered.
var policies = []string{roundrobin.Name, roundrobin2.Name}

func endpoints(n int) []resolver.Endpoint {
	addrs := make([]string, n)
	for i := range addrs {
		addrs[i] = fmt.Sprintf("10.%d.%d.%d:50051", i>>16, i>>8&255, i&255)
	}
	return balancertest.Endpoints(addrs...)
}

// startUp brings a channel to the endpoints up until all are READY.
func startUp(b *testing.B, policy string, endpoints []resolver.Endpoint) (*balancertest.ClientConn, *balancertest.Policy) {
	cc := balancertest.NewClientConn(b)
	p := cc.Build(balancer.Get(policy))
	if err := p.Update(endpoints...); err != nil {
		b.Fatalf("update: %v", err)
	}
	for _, sc := range cc.SubConns() {
		sc.Ready()
	}
	return cc, p
}

// BenchmarkPick is one pick with the end of its RPC.
func BenchmarkPick(b *testing.B) {
	for _, n := range []int{3, 1000} {
		for _, policy := range policies {
			b.Run(fmt.Sprintf("%s/%d", policy, n), func(b *testing.B) {
				cc, p := startUp(b, policy, endpoints(n))
				defer p.Close()
				picker := cc.State().Picker
				b.ReportAllocs()
				for b.Loop() {
					res, err := picker.Pick(balancer.PickInfo{})
					if err != nil {
						b.Fatal(err)
					}
					if res.Done != nil {
						res.Done(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
					}
				}
			})
		}
	}
}

// BenchmarkStartUp is the time from a first resolver update until all endpoints
// are READY, without the network.
func BenchmarkStartUp(b *testing.B) {
	for _, n := range []int{10, 1000, 4000} {
		for _, policy := range policies {
			b.Run(fmt.Sprintf("%s/%d", policy, n), func(b *testing.B) {
				endpoints := endpoints(n)
				b.ReportAllocs()
				for b.Loop() {
					_, p := startUp(b, policy, endpoints)
					p.Close()
				}
			})
		}
	}
}
