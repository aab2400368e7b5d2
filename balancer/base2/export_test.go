package base2

import (
	"time"

	"google.golang.org/grpc/balancer"
)

// WithRebuildCost returns a builder like b, whose policies assume that each rebuild
// takes d.
func WithRebuildCost(b balancer.Builder, d time.Duration) balancer.Builder {
	costly := *b.(*builder)
	costly.timed = func(rebuild func()) time.Duration {
		rebuild()
		return d
	}
	return &costly
}
