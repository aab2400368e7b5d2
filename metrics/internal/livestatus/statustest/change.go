package statustest

import (
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Change changes a backend.
type Change = func(*livestatus.Backend)

// With changes backend i of the list.
func With(backends []livestatus.Backend, i int, changes ...Change) []livestatus.Backend {
	for _, change := range changes {
		change(&backends[i])
	}
	return backends
}

// NoSubchannel is no state, for backends that are gone.
const NoSubchannel = connectivity.Shutdown

// Is puts the backend into a state other than READY.
func Is(state connectivity.State) Change {
	return func(b *livestatus.Backend) {
		*b = livestatus.Backend{Name: b.Name}
		if state != NoSubchannel {
			b.AddSubchannel(state, "", HourAgo)
		}
	}
}

// DownFor takes the backend down, with three failed attempts.
func DownFor(d time.Duration) Change {
	return func(b *livestatus.Backend) {
		Is(connectivity.TransientFailure)(b)
		b.Since, b.DownSince, b.FailedAttempts = Now.Add(-time.Second), Now.Add(-d), 3
	}
}

// IsUnusable makes the backend READY without picks, since a minute ago.
func IsUnusable(reason string) Change {
	return func(b *livestatus.Backend) {
		*b = Watched(b.Name, livestatus.Verdict{Reason: reason}, reason)
	}
}

// Fails makes n of the backend's 50 RPC attempts per second fail.
func Fails(n uint64) Change {
	return func(b *livestatus.Backend) {
		b.Recent.Short.Failed, b.Recent.Long.Failed = 10*n, 60*n
	}
}

// Takes makes RPC attempts take so long on average, and the slowest twice as long.
func Takes(d time.Duration) Change {
	return func(b *livestatus.Backend) {
		for _, w := range []*livestatus.Window{&b.Recent.Short, &b.Recent.Long} {
			w.Latency.Mean, w.Latency.P95 = d, 2*d
		}
	}
}

// Gets gives the backend a rate of RPC attempts.
func Gets(rate uint64) Change {
	return func(b *livestatus.Backend) {
		for seconds, w := range map[uint64]*livestatus.Window{10: &b.Recent.Short, 60: &b.Recent.Long} {
			w.Picks, w.Ended = seconds*rate, seconds*rate
		}
	}
}
