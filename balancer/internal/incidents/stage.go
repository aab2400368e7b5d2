package incidents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// Stage is what an incident happens to: servers, a channel to them under load, and a
// viewer of the live page. The channel uses round_robin2, checks health and measures
// latency.
type Stage struct {
	Servers channeltest.Servers
	Faults  []*Fault // by server
	Culprit int      // the server that the incident is about
	Client  *channeltest.Client
	Began   time.Time // when the incident began

	t        testing.TB
	attempts *attempts
	page     string        // address of the target's JSON
	slowest  time.Duration // how long the slowest page so far took
}

// Fault makes a server answer badly.
type Fault struct {
	Delay atomic.Int64 // nanoseconds that each RPC takes
	Sick  atomic.Bool  // each RPC fails with the code INTERNAL
}

// Sickness is the text of a sick server's errors.
const Sickness = "the disk is full"

// answer returns the error of an RPC.
func (f *Fault) answer(ctx context.Context) error {
	if d := time.Duration(f.Delay.Load()); d > 0 {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
	if f.Sick.Load() {
		return status.Error(codes.Internal, Sickness)
	}
	return nil
}

// DefaultPolicy is the policy of a stage, as in a service config.
const DefaultPolicy = `{"` + roundrobin2.Name + `": {"balancer2Metrics": {"latency": true}}}`

// newStage starts n servers, and a channel that does not know the first hidden ones.
func newStage(t testing.TB, n int, policy string, hidden int) *Stage {
	s := &Stage{t: t, attempts: newAttempts(), Servers: make(channeltest.Servers, n), Faults: make([]*Fault, n), Culprit: n / 2}
	s.Replace(0, n)
	s.Client = channeltest.Dial(t, roundrobin2.Name, s.Servers[hidden:],
		grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig": [%s], "healthCheckConfig": {"serviceName": %q}}`, policy, channeltest.ProbeService)),
		grpc.WithStatsHandler(s.attempts),
		channeltest.WithTLS(t), // in turn, hundreds of connections would take seconds
		// Hundreds of servers that are down must not take all of the processor.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 2, MaxDelay: 400 * time.Millisecond},
			MinConnectTimeout: channeltest.Deadline,
		}))
	viewed := httptest.NewServer(metrics.Default().Handler())
	t.Cleanup(viewed.Close)
	s.page = viewed.URL + "?" + url.Values{"format": {"json"}, "target": {s.Client.Conn.CanonicalTarget()}}.Encode()
	s.Client.Conn.Connect()
	s.Await("connect", func(l *Look) { l.Count(n-hidden, n-hidden, 0) })
	t.Cleanup(startLoad(s.Client, 150+5*n)) // not before: hundreds of handshakes make RPCs slow
	return s
}

// Replace puts new servers in the place of Servers[first:end]. Those keep running, and
// the resolver is not told.
func (s *Stage) Replace(first, end int) {
	s.t.Helper()
	copy(s.Servers[first:], channeltest.StartServers(s.t, end-first, func(i int, srv *channeltest.Server) {
		f := new(Fault)
		s.Faults[first+i] = f
		srv.Probe.OnCall = f.answer
	}))
}

// Name returns the name of the culprit on the page.
func (s *Stage) Name() string { return s.Servers[s.Culprit].Addr }

// errNoTarget is the error of looking at the page before the channel has a policy.
var errNoTarget = errors.New("the page does not know the target")

// look asks for the page once.
func (s *Stage) look(ctx context.Context) (*Page, error) {
	p := &Page{asked: time.Now()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.page, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusBadRequest {
		return nil, errNoTarget
	}
	if err := json.NewDecoder(res.Body).Decode(p); err != nil {
		return nil, err
	}
	p.came = time.Now()
	s.slowest = max(s.slowest, p.came.Sub(p.asked))
	if res.StatusCode != http.StatusOK || p.Version != 1 || len(p.Targets) != 1 {
		return nil, fmt.Errorf("status %s, version %d with %d targets; want version 1 with one", res.Status, p.Version, len(p.Targets))
	}
	return p, nil
}

// interval is how often a viewer looks at the page.
const interval = 500 * time.Millisecond

// promised is how soon an incident must happen and be shown on a machine that is not
// busy.
const promised = 3 * time.Second

// Await looks at the page until shows finds nothing wrong with it. It returns the time
// at which that page came.
func (s *Stage) Await(what string, shows func(*Look)) time.Time {
	s.t.Helper()
	ctx := channeltest.Context(s.t)
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	began := time.Now()
	var last *Look
	late := []string{"nothing"} // what was wrong in the look before
	for {
		switch p, err := s.look(ctx); {
		case err == nil:
			last = &Look{Page: p, Stage: s}
			if shows(last); len(last.wrong) == 0 {
				if took := p.came.Sub(began); took > promised {
					s.t.Logf("%s: took %v; until then: %s", what, took.Round(time.Millisecond), late[len(late)-1])
				}
				return p.came
			}
			late = last.wrong
		case !errors.Is(err, errNoTarget) && ctx.Err() == nil:
			s.t.Fatalf("%s: get %s: %v", what, s.page, err)
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			s.t.Fatalf("%s: the page still shows:\n%s", what, last)
		}
	}
}
