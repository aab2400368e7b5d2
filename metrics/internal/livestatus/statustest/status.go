package statustest

import (
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Open returns the status of a target with a channel.
func Open(backends ...livestatus.Backend) livestatus.Status {
	return livestatus.Status{
		Instances: []livestatus.Instance{{State: connectivity.Ready, Since: HourAgo}},
		Backends:  backends, Recent: Sum(backends),
	}
}

// Traffic returns windows with RPC attempts per second, and how many of these fail.
func Traffic(rate, failed uint64) livestatus.Recent {
	window := func(seconds uint64) livestatus.Window {
		n := seconds * rate
		return livestatus.Window{Span: time.Duration(seconds) * time.Second, Picks: n, Ended: n, Failed: seconds * failed}
	}
	return livestatus.Recent{Short: window(10), Long: window(60)}
}

// Sum returns the windows of the target.
func Sum(backends []livestatus.Backend) livestatus.Recent {
	var total livestatus.Recent
	for i := range backends {
		for _, w := range [][2]*livestatus.Window{{&total.Short, &backends[i].Recent.Short}, {&total.Long, &backends[i].Recent.Long}} {
			w[0].Span = max(w[0].Span, w[1].Span)
			w[0].Picks += w[1].Picks
			w[0].Ended += w[1].Ended
			w[0].Failed += w[1].Failed
			if n := w[1].Latency.Count; n > 0 {
				n += w[0].Latency.Count
				w[0].Latency = w[1].Latency
				w[0].Latency.Count = n
			}
		}
	}
	return total
}
