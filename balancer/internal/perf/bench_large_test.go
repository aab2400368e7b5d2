package perf_test

import (
	"testing"

	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// large is more endpoints than grpc-go's round_robin can start in minutes. So only ours
// is measured with them.
const large = 100_000

// BenchmarkLarge measures round_robin2 among 100,000 endpoints.
func BenchmarkLarge(b *testing.B) {
	b.Run("start-up", func(b *testing.B) {
		compare(b, 1, nil, func() cost {
			f := newFleet(b, roundrobin2.Name, large)
			defer f.policy.Close()
			return f.measured(func() { f.startUp() })
		})
	})
	b.Run("running", func(b *testing.B) {
		f := newFleet(b, roundrobin2.Name, large).startUp()
		defer f.policy.Close()
		b.Run("pick", func(b *testing.B) { compare(b, picksPerRun, nil, picks(f, pickDone)) })
		b.Run("flap one", func(b *testing.B) { compare(b, 1, nil, flapOne(f)) })
		b.Run("update none", func(b *testing.B) { compare(b, 1, nil, replace(f, 0)) })
	})
}
