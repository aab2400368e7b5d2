package fleet_test

import (
	"errors"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

const (
	target = "dns:///greeter"
	policy = "round_robin2"
)

var (
	key = fleet.Key{Target: target, Policy: policy}
	now = time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)
)

// client returns a client that answered just now, with one target.
func client(name string, backends ...fetch.Backend) poll.Client {
	page := &fetch.Page{Version: fetch.Version, Time: now, Targets: []fetch.Target{{Target: target, Policy: policy}}, Backends: backends}
	return poll.Client{Name: name, Page: page, At: now}
}

func failing(name string) poll.Client {
	return poll.Client{Name: name, Err: errors.New("connection refused"), Since: now.Add(-time.Minute)}
}

func inState(name, condition string) fetch.Backend {
	return fetch.Backend{Target: target, Policy: policy, Backend: name, Condition: condition, Subchannels: 1}
}

func usable(name string) fetch.Backend { return seenAs(name, "ok") }

// seenAs returns a usable backend in a condition.
func seenAs(name, condition string) fetch.Backend {
	b := inState(name, condition)
	b.Usable = 1
	return b
}

func gone(name string) fetch.Backend {
	return fetch.Backend{Target: target, Policy: policy, Backend: name, Condition: "gone"}
}

func down(name string, ago time.Duration) fetch.Backend {
	b := inState(name, "down")
	b.DownSince = now.Add(-ago)
	b.LastError, b.LastErrorAt = "connection refused", now.Add(-time.Second)
	return b
}

func sick(name, reason string) fetch.Backend {
	b := inState(name, "unusable")
	b.LastUnusableReason, b.LastUnusableError, b.LastUnusableAt = reason, "NOT_SERVING", now.Add(-time.Minute)
	return b
}

// busy returns the backend with a window in which a share of its RPCs failed.
func busy(b fetch.Backend, rps, failed float64) fetch.Backend {
	if failed >= fleet.Failing {
		b.Condition = "erring"
	}
	success := 1 - failed
	b.Recent.Short = &fetch.Window{RPS: rps, ErrorsPerSecond: rps * failed, SuccessRate: &success}
	return b
}

// timed returns the backend with the latency in its window.
func timed(b fetch.Backend, l fetch.Latency) fetch.Backend {
	b.Recent.Short.Latency = &l
	return b
}

func merge(clients ...poll.Client) *fleet.Fleet { return fleet.New(clients, fleet.Options{}, now) }

func names(backends []fleet.Backend) string {
	s := ""
	for _, b := range backends {
		s += " " + b.Name
	}
	return s
}
