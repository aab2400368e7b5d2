package fleet_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// tick is how often traffic moves. The longest RPC takes less than ticks of them.
const (
	tick  = 10 * time.Millisecond
	ticks = 64
)

// client is one process of the fleet: a channel whose policy is metered, with
// all backends READY, and the page that Prometheus scrapes.
type client struct {
	http.Handler
	registry *prometheus.Registry
	cc       *balancertest.ClientConn

	// What moves with each tick.
	now    int
	ending [ticks][]func(balancer.DoneInfo) // RPCs under way, by the tick at which they end
}

func newClient(tb testing.TB, backends []string, opts ...metrics.Option) *client {
	tb.Helper()
	m := metrics.New(opts...)
	c := &client{registry: prometheus.NewRegistry(), cc: balancertest.NewClientConn(tb)}
	c.registry.MustRegister(m)
	c.Handler = promhttp.HandlerFor(c.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, ErrorLog: errorLog{tb}})
	policy := c.cc.BuildWithTarget(m.Instrument(roundrobin2.NewBuilder()), "dns:///shop.example.org:8443")
	tb.Cleanup(policy.Close)
	if len(backends) == 0 {
		return c
	}
	if err := policy.Update(balancertest.Endpoints(backends...)...); err != nil {
		tb.Fatal(err)
	}
	for _, sc := range c.cc.Live() {
		sc.Ready()
	}
	for !c.useAll(len(backends)) {
		time.Sleep(time.Millisecond) // the policy is about to publish its last picker
	}
	return c
}

// useAll sends one RPC to each of n backends, if the picker has them all.
func (c *client) useAll(n int) bool {
	used := make(map[balancer.SubConn]bool)
	for range n {
		if res, err := c.pick(); err == nil {
			used[res.SubConn] = true
			res.Done(answered)
		}
	}
	return len(used) == n
}

var (
	answered = balancer.DoneInfo{BytesSent: true, BytesReceived: true}
	failed   = balancer.DoneInfo{Err: status.Error(codes.Unavailable, ""), BytesSent: true, BytesReceived: true}
)

func (c *client) pick() (balancer.PickResult, error) {
	return c.cc.State().Picker.Pick(balancer.PickInfo{FullMethodName: "/shop.Shop/Order", Ctx: context.Background()})
}

// fail has one RPC to each of n backends fail: they are picked in turn.
func (c *client) fail(tb testing.TB, n int) {
	tb.Helper()
	for range n {
		res, err := c.pick()
		if err != nil {
			tb.Fatalf("pick: %v", err)
		}
		res.Done(failed)
	}
}

// move lets a tick pass, in which so many RPCs begin. Others end: they take 20 ms
// in the median, and one of a hundred more than 130 ms.
func (c *client) move(rpcs int) {
	c.now = (c.now + 1) % ticks
	for _, done := range c.ending[c.now] {
		done(answered)
	}
	c.ending[c.now] = c.ending[c.now][:0]
	for range rpcs {
		res, err := c.pick()
		if err != nil {
			continue // no client is without READY backends
		}
		takes := int(2 * math.Exp(.8*rand.NormFloat64()))
		end := (c.now + min(max(takes, 1), ticks-1)) % ticks
		c.ending[end] = append(c.ending[end], res.Done)
	}
}

// addrs returns the addresses of n backends, from the i-th on.
func addrs(i, n int) []string {
	all := make([]string, n)
	for k := range all {
		all[k] = fmt.Sprintf("10.128.%d.%d:8443", (i+k)/250, (i+k)%250)
	}
	return all
}

// errorLog fails the test for a page that could not be made.
type errorLog struct{ tb testing.TB }

func (l errorLog) Println(v ...any) { l.tb.Error(v...) }
