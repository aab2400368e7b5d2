package endtoend_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const target = "dns:///greeter.prod:50051"

// process is a client of backends that has a live page.
type process struct {
	t       *testing.T
	metrics *metrics.Metrics
	channel *balancertest.ClientConn
	policy  *balancertest.Policy
	erring  string      // the backend that answers with an error
	stopped atomic.Bool // its page does not answer
}

// start starts a process that is connected to the backends.
func start(t *testing.T, backends ...string) *process {
	t.Helper()
	m := metrics.New(metrics.WithLatency(), metrics.WithLastRPCErrors())
	p := &process{t: t, metrics: m, channel: balancertest.NewClientConn(t)}
	p.policy = p.channel.BuildWithTarget(m.Instrument(roundrobin2.NewBuilder()), target)
	p.channel.SetManualHealth(true)
	p.resolve(backends...)
	for _, sc := range p.channel.Live() {
		sc.Ready()
		sc.SetHealth(connectivity.Ready, nil)
	}
	return p
}

func (p *process) resolve(backends ...string) {
	p.t.Helper()
	if err := p.policy.Update(balancertest.Endpoints(backends...)...); err != nil {
		p.t.Fatal(err)
	}
}

// lose lets the process lose a backend, and fail to connect to it again.
func (p *process) lose(backend string) {
	sc := p.channel.SubConn(backend)
	sc.Idle()
	sc.Fail(errors.New("dial " + backend + ": connection refused"))
}

// sicken lets a backend fail its health check.
func (p *process) sicken(backend string) {
	p.channel.SubConn(backend).SetHealth(connectivity.TransientFailure, errors.New("NOT_SERVING"))
}

// call makes one RPC, which takes 10 milliseconds.
func (p *process) call() {
	p.t.Helper()
	res, err := p.channel.State().Picker.Pick(balancer.PickInfo{FullMethodName: "/test/Method", Ctx: p.t.Context()})
	if err != nil {
		p.t.Fatal(err)
	}
	info := balancer.DoneInfo{BytesSent: true, BytesReceived: true}
	if res.SubConn.(*balancertest.SubConn).Addr() == p.erring {
		info.Err = status.Error(codes.Internal, "disk full")
	}
	time.Sleep(10 * time.Millisecond)
	if res.Done != nil {
		res.Done(info)
	}
}

// work lets all processes make 10 RPCs a second each.
func work(d time.Duration, processes ...*process) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		next := time.Now().Add(100 * time.Millisecond)
		for _, p := range processes {
			p.call()
		}
		time.Sleep(time.Until(next))
	}
}

// network has the pages of processes, by host.
type network map[string]*process

func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	p := n[r.URL.Host]
	if p == nil || p.stopped.Load() {
		return nil, errors.New("connection refused")
	}
	rec := httptest.NewRecorder()
	p.metrics.Handler().ServeHTTP(rec, r)
	return rec.Result(), nil
}
