package promql_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// playClient is a client process in a play, from its start to its end.
type playClient struct {
	t        *testing.T
	stage    *stage
	rps      int
	registry *prometheus.Registry
	cc       *balancertest.ClientConn
	policy   *balancertest.Policy
	names    map[*balancertest.SubConn]string // as the metrics are to name their backends
	told     map[*balancertest.SubConn]health // by the checks, since they were READY
	pending  []playRPC
}

// playRPC is an RPC that is under way.
type playRPC struct {
	on   *balancertest.SubConn
	done func(balancer.DoneInfo)
}

func newPlayClient(t *testing.T, s *stage, rps int, opts ...metrics.Option) *playClient {
	m := metrics.New(opts...)
	c := &playClient{
		t: t, stage: s, rps: rps,
		registry: prometheus.NewPedanticRegistry(),
		cc:       balancertest.NewClientConn(t),
		names:    make(map[*balancertest.SubConn]string),
		told:     make(map[*balancertest.SubConn]health),
	}
	c.registry.MustRegister(m)
	c.policy = c.cc.BuildWithTarget(m.Instrument(roundrobin2.NewBuilder()), "dns:///shop:443")
	t.Cleanup(c.policy.Close)
	return c
}

func (c *playClient) resolve(addrs ...string) {
	c.t.Helper()
	if err := c.policy.Update(balancertest.Endpoints(addrs...)...); err != nil {
		c.t.Fatalf("update: %v", err)
	}
	c.connect()
}

// connect does what gRPC's channel does by itself: it connects the subchannels
// that the policy wants connected, notices lost connections, and ends a back-off.
func (c *playClient) connect() {
	for _, sc := range c.cc.Live() {
		if c.names[sc] == "" {
			c.names[sc] = c.stage.nameOf(sc.Addr())
		}
		down := c.stage.down[sc.Addr()]
		switch state := sc.State(); {
		case state == connectivity.Ready && down:
			c.endAll(sc)
			sc.Idle()
		case state == connectivity.TransientFailure:
			sc.Idle()
		case state == connectivity.Idle && sc.Wanted() && down:
			sc.Fail(errors.New("connection refused"))
		case state == connectivity.Idle && sc.Wanted():
			sc.Ready() // and healthy, see balancertest
			c.told[sc] = serving
		}
		c.check(sc)
	}
}

// check has a health check, or outlier detection, say what it says of the backend,
// if that is something new.
func (c *playClient) check(sc *balancertest.SubConn) {
	if h := c.stage.healthOf(sc.Addr()); sc.State() == connectivity.Ready && h != c.told[sc] {
		c.told[sc] = h
		sc.SetHealth(h.state, h.cause)
	}
}

// endAll ends the RPCs on a connection that is lost.
func (c *playClient) endAll(sc *balancertest.SubConn) {
	var others []playRPC
	for _, rpc := range c.pending {
		if rpc.on == sc {
			c.end(rpc, codes.Unavailable)
		} else {
			others = append(others, rpc)
		}
	}
	c.pending = others
}

// second sends the RPCs of a second, after it has ended those of the last one.
func (c *playClient) second() {
	for _, rpc := range c.pending {
		c.end(rpc, c.stage.answers[rpc.on.Addr()])
	}
	c.pending = c.pending[:0]
	for range c.rps {
		ctx, over := context.WithCancel(c.t.Context())
		res, err := c.cc.State().Picker.Pick(balancer.PickInfo{FullMethodName: "/test/Method", Ctx: ctx})
		if err != nil {
			over() // a caller that does not wait
			continue
		}
		sc, _ := res.SubConn.(*balancertest.SubConn)
		c.stage.ledger.picks = append(c.stage.ledger.picks, occurrence{time.Now(), c.names[sc]})
		c.pending = append(c.pending, playRPC{on: sc, done: func(info balancer.DoneInfo) {
			res.Done(info)
			over()
		}})
	}
}

func (c *playClient) end(rpc playRPC, code codes.Code) {
	info := balancer.DoneInfo{BytesSent: true, BytesReceived: code == codes.OK}
	if code != codes.OK {
		info.Err = status.Error(code, "")
		c.stage.ledger.failed = append(c.stage.ledger.failed, occurrence{time.Now(), c.names[rpc.on]})
	}
	rpc.done(info)
}

// gather returns the client's page.
func (c *playClient) gather() []*dto.MetricFamily {
	families, err := c.registry.Gather()
	if err != nil {
		c.t.Fatalf("gather: %v", err)
	}
	return families
}
