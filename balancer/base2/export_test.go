package base2

import "time"

// WithRebuildCost has policies assume that each rebuild takes d.
func WithRebuildCost(d time.Duration) Option {
	return func(o *options) {
		o.timed = func(rebuild func()) time.Duration {
			rebuild()
			return d
		}
	}
}
