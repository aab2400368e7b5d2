package metrics_test

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// BenchmarkResolverUpdate measures what the decorator adds to an update of many
// endpoints, most of which stay.
func BenchmarkResolverUpdate(b *testing.B) {
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprintf("10.0.%d.%d:443", i/256, i%256)
	}
	same := endpoints(names...)
	slices.Reverse(names)
	reversed := endpoints(names...)
	names[5000] = "new:443"
	changed := endpoints(names...)
	for _, v := range []struct {
		name    string
		updates []balancer.ClientConnState
	}{
		{"same", []balancer.ClientConnState{same}},
		{"another order", []balancer.ClientConnState{same, reversed}},
		{"one changed", []balancer.ClientConnState{reversed, changed}},
	} {
		b.Run(v.name, func(b *testing.B) {
			p := metrics.New().Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				_ = p.UpdateClientConnState(v.updates[i%len(v.updates)])
				i++
			}
		})
	}
}
