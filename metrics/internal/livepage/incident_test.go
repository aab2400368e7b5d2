package livepage_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// stage is where an incident has got to.
type stage string

const (
	before stage = "before" // all is well
	during stage = "during" // one backend is down, and another answers with errors
	after  stage = "after"  // all is well again
)

// incident is a target with n backends at a stage of an incident. Backend 10.0.0.7
// goes down 4 minutes before now, and another one answers with errors.
func incident(n int, at stage) livestatus.Status {
	st := livestatus.Status{
		Instances:    []livestatus.Instance{{State: ready, Since: hourAgo}},
		PicksDelayed: 3,
	}
	for i := range n {
		b := busy(fmt.Sprintf("10.0.%d.%d:50051", i/250, i%250+7), 40)
		if at != before && i == 0 {
			b.Connected, b.Disconnections, b.ConnectFailed = 1, 1, 9
			b.LastError, b.LastErrorAt = errors.New(`dial tcp 10.0.0.7:50051: connect: connection refused`), now.Add(-lastAttempt(at))
		}
		switch {
		case at == during && i == 0:
			b = dead(b)
		case at == during && i == min(3, n-1):
			b = failingRPCs(b)
		case at == after && i == 0:
			b.Connected, b.UpSince = 2, now.Add(-75*time.Second)
		}
		st.Backends = append(st.Backends, b)
	}
	st.Recent = sum(st.Backends)
	st.History = history(n, at)
	st.Events = events(at)
	return st
}

// busy returns a backend that has been up for an hour and gets the rate.
func busy(name string, rate uint64) livestatus.Backend {
	b := backend(name, ready)
	b.Picks, b.RPCs[codes.OK], b.InFlight, b.UpSince, b.Connected = 3600*rate, 3600*rate-2, 2, hourAgo, 1
	took := livestatus.Latency{Count: 10 * rate, Mean: 12 * time.Millisecond, P50: 10 * time.Millisecond, P95: 30 * time.Millisecond, P99: 45 * time.Millisecond}
	b.Recent.Short = livestatus.Window{Span: 10 * time.Second, Picks: 10 * rate, Ended: 10 * rate, Latency: took}
	took.Count = 60 * rate
	b.Recent.Long = livestatus.Window{Span: time.Minute, Picks: 60 * rate, Ended: 60 * rate, Latency: took}
	return b
}

// dead returns the backend as it is 4 minutes after it was lost.
func dead(b livestatus.Backend) livestatus.Backend {
	b.Subchannels, b.Ready, b.UpSince, b.InFlight = 0, 0, time.Time{}, 0
	b.AddSubchannel(failure, "", now.Add(-11*time.Second))
	b.DownSince, b.FailedAttempts = now.Add(-4*time.Minute-12*time.Second), 9
	b.RPCs[codes.Unavailable] = 2
	b.Recent.Short, b.Recent.Long = livestatus.Window{Span: 10 * time.Second}, livestatus.Window{Span: time.Minute}
	return b
}

// failingRPCs returns the backend with 14 % of its RPC attempts failing.
func failingRPCs(b livestatus.Backend) livestatus.Backend {
	b.Recent.Short.Failed, b.Recent.Long.Failed = b.Recent.Short.Ended*14/100, b.Recent.Long.Ended*14/100
	b.RPCs[codes.Internal] = 1312
	b.LastRPCError = livestatus.RPCError{Code: codes.Internal, Text: "read /var/lib/orders: input/output error", At: now.Add(-time.Second)}
	return b
}

// sum returns the windows of the target.
func sum(backends []livestatus.Backend) livestatus.Recent {
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

// history is the last minute of an incident that began 40 seconds ago for RPCs.
func history(n int, at stage) []livestatus.Point {
	points, picks := make([]livestatus.Point, 0, 30), 80*n
	if at == during {
		picks -= 80
	}
	for i := range 30 {
		p := livestatus.Point{At: now.Add(-time.Duration(58-2*i) * time.Second), Span: 2 * time.Second, Picks: uint64(picks + (i*7)%5*n/2)}
		p.Ended = p.Picks
		if at == during && i > 9 {
			p.Failed = uint64(11 + i%3)
		}
		points = append(points, p)
	}
	return points
}

// lastAttempt is how long ago the last connection attempt failed.
func lastAttempt(at stage) time.Duration {
	if at == after {
		return 80 * time.Second
	}
	return 11 * time.Second
}

func events(at stage) []livestatus.Event {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const name = "10.0.0.7:50051"
	all := []livestatus.Event{
		{At: hourAgo, Kind: livestatus.ResolverUpdate, N: 1, Endpoints: 3, Added: []string{name, "10.0.0.8:50051", "10.0.0.9:50051"}, AddedCount: 3},
		{At: hourAgo, Kind: livestatus.InstanceState, N: 1, Text: "READY"},
		{At: hourAgo, Kind: livestatus.Connected, N: 1, Backend: name},
	}
	if at != before {
		all = append(all,
			livestatus.Event{At: ago(252 * time.Second), Kind: livestatus.Lost, N: 1, Backend: name, Text: "connection reset by peer"},
			livestatus.Event{At: ago(lastAttempt(at)), Kind: livestatus.ConnectFailed, N: 9, Backend: name, Text: "dial tcp 10.0.0.7:50051: connect: connection refused"})
	}
	if at == after {
		all = append(all, livestatus.Event{At: ago(75 * time.Second), Kind: livestatus.Connected, N: 1, Backend: name})
	}
	slices.Reverse(all)
	return all
}
