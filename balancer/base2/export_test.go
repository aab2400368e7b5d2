package base2

import (
	"time"

	"google.golang.org/grpc/balancer"
)

// WithRebuildCost has the policies of a builder of this package take each
// rebuild for one that cost d.
func WithRebuildCost(b balancer.Builder, d time.Duration) balancer.Builder {
	costly := *b.(*builder)
	costly.timed = func(rebuild func()) time.Duration {
		rebuild()
		return d
	}
	return &costly
}
