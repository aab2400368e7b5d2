package latency

import "time"

// Bound returns the upper bound of a classic bucket but the last, which has none.
func Bound(bucket int) time.Duration {
	return time.Duration(classic[bucket] * float64(time.Second))
}
