package view_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

const (
	greeter = "dns:///greeter.prod:50051"
	orders  = "dns:///orders.prod:50051"
	robin   = "round_robin2"
)

var now = time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)

// page is what one client knows; its methods add to it.
type page struct{ fetch.Page }

func newPage(targets ...string) *page {
	p := &page{fetch.Page{Version: fetch.Version, Time: now}}
	for _, t := range targets {
		p.Targets = append(p.Targets, fetch.Target{Target: t, Policy: robin})
	}
	return p
}

func (p *page) client(name string) poll.Client {
	return poll.Client{Name: name, Page: &p.Page, At: now}
}

// has adds a backend of the last target, with a rate and the share that failed.
func (p *page) has(b fetch.Backend, rps, failed float64) *page {
	t := &p.Targets[len(p.Targets)-1]
	b.Target, b.Policy = t.Target, t.Policy
	success := 1 - failed
	w := &fetch.Window{RPS: rps, ErrorsPerSecond: rps * failed}
	if rps > 0 {
		w.SuccessRate = &success
		w.Latency = &fetch.Latency{Count: 100, P99: 0.0123 * (1 + failed)}
	}
	b.Recent.Short = w
	p.Backends = append(p.Backends, b)
	if t.Recent.Short == nil {
		t.Recent.Short = &fetch.Window{SuccessRate: new(float64)}
	}
	sum := t.Recent.Short
	sum.RPS += w.RPS
	sum.ErrorsPerSecond += w.ErrorsPerSecond
	*sum.SuccessRate = 1 - sum.ErrorsPerSecond/max(sum.RPS, 1)
	return p
}

func (p *page) saw(ago time.Duration, kind, backend, text string) *page {
	t := &p.Targets[len(p.Targets)-1]
	t.Events = append(t.Events, fetch.Event{At: now.Add(-ago), Kind: kind, Backend: backend, Text: text, N: 1})
	return p
}

func usable(name, condition string) fetch.Backend {
	return fetch.Backend{Backend: name, Condition: condition, Subchannels: 1, Usable: 1}
}

func down(name string, ago time.Duration) fetch.Backend {
	return fetch.Backend{
		Backend: name, Condition: "down", Subchannels: 1, DownSince: now.Add(-ago),
		LastError: "dial tcp " + name + ": connect: connection refused", LastErrorAt: now.Add(-3 * time.Second),
	}
}

func sick(name string) fetch.Backend {
	return fetch.Backend{
		Backend: name, Condition: "unusable", Subchannels: 1,
		LastUnusableReason: "unhealthy", LastUnusableError: "NOT_SERVING", LastUnusableAt: now.Add(-time.Minute),
	}
}

// incident is a fleet of three clients of two targets, and one that fails.
func incident() []poll.Client {
	four := 4*time.Minute + 10*time.Second
	first := newPage(orders, greeter).
		has(down("10.0.0.7:50051", four), 0, 0).has(usable("10.0.0.9:50051", "erring"), 50, 0.14).has(usable("10.0.0.10:50051", "ok"), 51, 0).has(sick("10.0.0.11:50051"), 0, 0).
		saw(four, "lost", "10.0.0.7:50051", "read: connection reset by peer").
		saw(four-time.Second, "connect_failed", "10.0.0.7:50051", "connect: connection refused").
		saw(time.Hour, "resolver_update", "", "")
	first.Targets[1].Events[2].Endpoints = 4
	second := newPage(greeter).
		has(down("10.0.0.7:50051", four-time.Second), 0, 0).has(usable("10.0.0.9:50051", "ok"), 500, 0.01).has(usable("10.0.0.10:50051", "ok"), 499, 0).
		saw(four-time.Second, "lost", "10.0.0.7:50051", "read: connection reset by peer").
		saw(time.Minute, "unusable", "10.0.0.11:50051", "unhealthy: NOT_SERVING")
	third := newPage(greeter).has(usable("10.0.0.7:50051", "ok"), 10, 0).has(usable("10.0.0.10:50051", "starved"), 0.3, 0)
	third.Targets[0].Waiting = 1234
	return []poll.Client{
		first.client("web-1:9090"), second.client("web-2:9090"), third.client("web-3:9090"),
		{Name: "web-4:9090", Err: errors.New("connection refused"), Since: now.Add(-130 * time.Second), At: now.Add(-132 * time.Second)},
	}
}

// outage is a fleet of three clients that have lost one backend and get errors from
// another.
func outage() []poll.Client {
	four := 4*time.Minute + 10*time.Second
	var clients []poll.Client
	for i, name := range []string{"web-1:9090", "web-2:9090", "web-3:9090"} {
		dead := down("10.0.0.7:50051", four+time.Duration(i)*time.Second)
		dead.LastError = "connection refused"
		erring := usable("10.0.0.9:50051", "erring")
		erring.LastRPCError = &fetch.RPCError{Code: "INTERNAL", Text: "disk full", At: now}
		p := newPage(orders).has(usable("10.0.1.1:50051", "ok"), 20, 0).has(usable("10.0.1.2:50051", "ok"), 20, 0)
		p.Targets = append(p.Targets, fetch.Target{Target: greeter, Policy: robin})
		p.has(dead, 0, 0).has(usable("10.0.0.8:50051", "ok"), 51, 0).has(erring, 50, 0.14).has(usable("10.0.0.10:50051", "ok"), 49, 0.001)
		clients = append(clients, p.client(name))
	}
	return append(clients, incident()[3])
}

// calm is one client with nothing to tell.
func calm() []poll.Client {
	p := newPage(greeter).has(usable("10.0.0.1:50051", "ok"), 10, 0).has(usable("10.0.0.2:50051", "ok"), 10, 0)
	p.Targets[0].Summary = "all 2 usable, even, no errors"
	return []poll.Client{p.client("localhost:8080")}
}

// crowd is one client with many backends and targets.
func crowd() []poll.Client {
	names := []string{greeter}
	for i := range 30 {
		names = append(names, fmt.Sprintf("dns:///service-%d", i))
	}
	p := newPage(names...)
	for i := range 200 {
		b := usable(fmt.Sprintf("10.0.0.%d:50051", i), "ok")
		if i == 137 {
			b = down(b.Backend, time.Minute)
		}
		b.Target, b.Policy = greeter, robin
		p.Backends = append(p.Backends, b)
	}
	return []poll.Client{p.client("localhost:8080")}
}

func merge(clients []poll.Client) *fleet.Fleet { return fleet.New(clients, fleet.Options{}, now) }
