package realchannel_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	_ "github.com/grpc-balancer2/balancer2/balancer"
	"github.com/grpc-balancer2/balancer2/certs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// workers is how many goroutines send load: as many RPCs are in flight at most.
const workers = 8

// deadline bounds each test, so that what never happens is a failure.
const deadline = 60 * time.Second

// backend is a real server on a loopback port, with a certificate for its own
// name only. It can be killed and started again on the same port.
type backend struct {
	t    testing.TB
	name string
	addr string

	mu  sync.Mutex // guards srv
	srv *grpc.Server
}

func startBackends(t testing.TB, n int) []*backend {
	backends := make([]*backend, n)
	for i := range backends {
		b := &backend{t: t, name: certs.Embedded().Members()[i], addr: "127.0.0.1:0"}
		b.start()
		t.Cleanup(b.kill)
		backends[i] = b
	}
	return backends
}

func (b *backend) start() {
	lis, err := net.Listen("tcp", b.addr)
	if err != nil {
		b.t.Errorf("start backend: %v", err)
		return
	}
	config, err := certs.Embedded().ServerConfig(b.name)
	if err != nil {
		b.t.Fatalf("start backend: %v", err)
	}
	b.addr = lis.Addr().String()
	srv := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)))
	healthpb.RegisterHealthServer(srv, health.NewServer())
	b.mu.Lock()
	b.srv = srv
	b.mu.Unlock()
	go func() {
		if err := srv.Serve(lis); err != nil {
			b.t.Errorf("serve: %v", err)
		}
	}()
}

// kill cuts all connections and waits until the port is free.
func (b *backend) kill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.srv != nil {
		b.srv.Stop()
		b.srv = nil
	}
}

// address is what a resolver says of the backend.
func (b *backend) address() resolver.Address {
	return resolver.Address{Addr: b.addr, ServerName: b.name}
}

// client is a channel to backends, with a resolver that the test drives.
type client struct {
	t        testing.TB
	policy   string
	target   string
	resolver *manual.Resolver
	conn     *grpc.ClientConn
	echo     healthpb.HealthClient
}

// dials makes the targets of repeated runs of a test distinct.
var dials atomic.Uint32

// dial makes a channel. Its target is its own, so that its metrics are.
func dial(t testing.TB, policy string, backends ...*backend) *client {
	scheme := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	c := &client{t: t, policy: policy, target: fmt.Sprintf("%s:///run-%d", scheme, dials.Add(1)), resolver: manual.NewBuilderWithScheme(scheme)}
	c.resolver.InitialState(addressesOf(backends...))
	config, err := certs.Embedded().ClientConfig()
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	quick := backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1.2, MaxDelay: 50 * time.Millisecond}
	c.conn, err = grpc.NewClient(c.target,
		grpc.WithResolvers(c.resolver),
		grpc.WithTransportCredentials(credentials.NewTLS(config)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick, MinConnectTimeout: 5 * time.Second}),
		grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig": [{%q: {}}]}`, policy)))
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	c.echo = healthpb.NewHealthClient(c.conn)
	return c
}

func addressesOf(backends ...*backend) resolver.State {
	var s resolver.State
	for _, b := range backends {
		s.Addresses = append(s.Addresses, b.address())
	}
	return s
}

// call sends one RPC and returns the address of the backend that answered.
func (c *client) call(ctx context.Context, opts ...grpc.CallOption) (string, error) {
	var p peer.Peer
	_, err := c.echo.Check(ctx, &healthpb.HealthCheckRequest{}, append(opts, grpc.Peer(&p))...)
	if err != nil {
		return "", err
	}
	return p.Addr.String(), nil
}

// callsUntil sends RPCs until all of the last n went to the wanted backends,
// each equally often. RPCs may fail on the way there.
func (c *client) callsUntil(ctx context.Context, n int, want ...*backend) {
	c.t.Helper()
	for {
		got := map[string]int{}
		for range n {
			addr, err := c.call(ctx)
			if err == nil {
				got[addr]++
			}
		}
		even := len(got) == len(want)
		for _, b := range want {
			even = even && got[b.addr] == n/len(want)
		}
		if even {
			return
		}
		if ctx.Err() != nil {
			c.t.Fatalf("the last %d RPCs went to %v", n, got)
		}
	}
}

// load sends RPCs from several goroutines until stop is called, which returns
// how many there were and the errors of those that failed.
func (c *client) load(ctx context.Context, opts ...grpc.CallOption) (stop func() (sent int, failed []error)) {
	done := make(chan struct{})
	var mu sync.Mutex
	var sent int
	var failed []error
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				_, err := c.call(ctx, opts...)
				mu.Lock()
				sent++
				if err != nil {
					failed = append(failed, err)
				}
				mu.Unlock()
			}
		})
	}
	return sync.OnceValues(func() (int, []error) {
		close(done)
		running.Wait()
		return sent, failed
	})
}

// scrape gets the test's series from a /metrics page, by the family's name and
// the labels that follow the target and the policy.
func (c *client) scrape() map[string]float64 {
	c.t.Helper()
	page := httptest.NewRecorder()
	promhttp.Handler().ServeHTTP(page, httptest.NewRequestWithContext(c.t.Context(), "GET", "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(page.Body)
	if err != nil {
		c.t.Fatalf("parse /metrics: %v", err)
	}
	series := map[string]float64{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			if key, ok := c.seriesKey(name, m); ok {
				series[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return series
}

func (c *client) seriesKey(name string, m *dto.Metric) (string, bool) {
	key, own := name, 0
	for _, l := range m.GetLabel() {
		switch {
		case l.GetName() == "grpc_target" && l.GetValue() == c.target, l.GetName() == "grpc_lb_policy" && l.GetValue() == c.policy:
			own++
		default:
			key += " " + l.GetValue()
		}
	}
	return key, own == 2
}

// checkLaw checks that each backend's picks are accounted for, and that no RPC
// is in flight.
func (c *client) checkLaw(backends ...*backend) (picks, rpcs float64) {
	c.t.Helper()
	s := c.scrape()
	for _, b := range backends {
		finished := 0.0
		for code := codes.OK; code <= codes.Unauthenticated; code++ {
			finished += s["grpc_lb_rpcs_total "+b.addr+" "+code.String()] + s["grpc_lb_rpcs_total "+code.String()+" "+b.addr]
		}
		p, r, f := s["grpc_lb_picks_total "+b.addr], s["grpc_lb_repicks_total "+b.addr], s["grpc_lb_rpcs_in_flight "+b.addr]
		if p != r+finished || f != 0 {
			c.t.Errorf("%s: %v picks, %v repicks, %v RPCs finished, %v in flight", b.addr, p, r, finished, f)
		}
		picks, rpcs = picks+p, rpcs+finished
	}
	return picks, rpcs
}

// onlyUnavailable fails the test if any error is another.
func onlyUnavailable(t testing.TB, errs []error) {
	t.Helper()
	for _, err := range errs {
		if status.Code(err) != codes.Unavailable {
			t.Errorf("RPC failed: %v, want Unavailable", err)
		}
	}
}

var errResolver = errors.New("name server is down")
