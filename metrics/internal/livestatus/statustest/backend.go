// Package statustest makes statuses for tests.
package statustest

import (
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Now is the time of each answer. Everything began at HourAgo.
var (
	Now     = time.Date(2000, time.January, 1, 1, 0, 0, 0, time.UTC)
	HourAgo = Now.Add(-time.Hour)
)

// Backend returns a backend with one subchannel, and one RPC attempt for each of
// the codes.
func Backend(name string, state connectivity.State, ends ...codes.Code) livestatus.Backend {
	b := livestatus.Backend{Name: name, Picks: uint64(len(ends))}
	b.AddSubchannel(state, "", HourAgo)
	for _, code := range ends {
		b.RPCs[code]++
	}
	return b
}

// Busy returns a backend that has been up for an hour and gets the rate.
func Busy(name string, rate uint64) livestatus.Backend {
	b := Backend(name, connectivity.Ready)
	b.Picks, b.RPCs[codes.OK], b.InFlight, b.UpSince, b.Connected = 3600*rate, 3600*rate-2, 2, HourAgo, 1
	took := livestatus.Latency{Count: 10 * rate, Mean: 12 * time.Millisecond, P50: 10 * time.Millisecond, P95: 30 * time.Millisecond, P99: 45 * time.Millisecond}
	b.Recent.Short = livestatus.Window{Span: 10 * time.Second, Picks: 10 * rate, Ended: 10 * rate, Latency: took}
	took.Count = 60 * rate
	b.Recent.Long = livestatus.Window{Span: time.Minute, Picks: 60 * rate, Ended: 60 * rate, Latency: took}
	return b
}

// Watched returns a backend with READY subchannels that are usable ("") or not, and
// one verdict, a minute ago.
func Watched(name string, verdict livestatus.Verdict, unusable ...string) livestatus.Backend {
	b := livestatus.Backend{Name: name, Picks: 10, Verdict: verdict}
	if verdict.Reason != "" {
		b.Verdict.At = Now.Add(-time.Minute)
	}
	for _, reason := range unusable {
		b.AddSubchannel(connectivity.Ready, reason, HourAgo)
	}
	return b
}

// Refused returns a backend that a connection attempt failed to reach.
func Refused(name string, err error) livestatus.Backend {
	b := Backend(name, connectivity.TransientFailure)
	b.ConnectFailed, b.LastError, b.LastErrorAt = 1, err, HourAgo
	return b
}

// Even returns n backends, 10.0.0.1 and so on, that have been usable for an hour and
// get 50 RPC attempts per second each.
func Even(n int) []livestatus.Backend {
	backends := make([]livestatus.Backend, n)
	for i := range backends {
		backends[i] = Busy(fmt.Sprintf("10.0.0.%d", i+1), 50)
	}
	return backends
}
