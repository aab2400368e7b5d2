package fleet_test

import (
	"fmt"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

// BenchmarkNew merges what 30 clients see of 10,000 backends.
func BenchmarkNew(b *testing.B) {
	var clients []poll.Client
	for i := range 30 {
		backends := make([]fetch.Backend, 10_000)
		for j := range backends {
			backends[j] = busy(usable(fmt.Sprintf("10.0.%d.%d:50051", j/256, j%256)), 10, 0)
		}
		clients = append(clients, client(fmt.Sprint("client-", i), backends...))
	}
	for b.Loop() {
		merge(clients...)
	}
}
