package statustest

import (
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Ward returns a backend in each condition, among many that are well.
func Ward() []livestatus.Backend {
	backends := Even(40)
	With(backends, 9, DownFor(time.Minute))
	With(backends, 1, DownFor(time.Hour))
	With(backends, 2, IsUnusable("unhealthy"))
	With(backends, 3, Is(connectivity.Connecting))
	With(backends, 4, Fails(10))
	With(backends, 5, Fails(20))
	With(backends, 6, Takes(time.Second))
	With(backends, 7, Takes(2*time.Second))
	With(backends, 8, Gets(0))
	With(backends, 10, Gets(300))
	With(backends, 11, Is(connectivity.Idle))
	With(backends, 12, Is(NoSubchannel))
	return backends
}
