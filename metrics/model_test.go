package metrics_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// model says in the simplest way what is to be counted.
type model struct {
	t        *testing.T
	metrics  *metrics.Metrics
	keep     bool // an endless retention; else none
	latency  bool
	limit    int // of backends with series; 0 for none
	channels [2]*modelChannel
	subConns []*modelSubConn
	open     []*modelPick
	backends map[string]*modelBackend // those that have series
	states   map[string]float64
	folded   float64
	timed    float64 // attempts with a connect duration
}

type modelChannel struct {
	stub   *stub
	cc     *looseConn
	policy balancer.Balancer // nil when closed
}

type modelSubConn struct {
	channel *modelChannel
	sc      balancer.SubConn
	fake    *looseSubConn
	backend *modelBackend
	state   connectivity.State
	gone    bool

	checked   bool // made with HealthCheckEnabled
	connected bool
	unknown   bool   // CONNECTING, since gRPC does not say when
	flapped   bool   // it has changed its state since it connected
	usable    string // why the READY SubConn is not usable, or ""
	watching  int    // the number of the health listener that counts, from 1; 0 for none
	heard     int    // health updates that the policy got
}

type modelBackend struct {
	addr           string
	subConns, open int
	values         map[string]float64 // as points.nonzero names them
}

func (b *modelBackend) add(name, extra string, n float64) {
	b.values[strings.TrimSpace(name+" "+b.addr+" "+extra)] += n
}

type modelPick struct {
	done    func(balancer.DoneInfo)
	backend *modelBackend
}

// newModel returns a model of a Metrics with the options whose bits are set:
// no retention, latency, at most 2 backends with series. The limit needs
// records that stay until they are told otherwise.
func newModel(t *testing.T, options byte) *model {
	m := &model{
		t: t, keep: options&1 == 0, latency: options&2 != 0,
		backends: make(map[string]*modelBackend), states: make(map[string]float64),
	}
	var opts []metrics.Option
	if !m.keep {
		opts = append(opts, metrics.WithRetention(0))
	}
	if m.latency {
		opts = append(opts, metrics.WithLatency())
	}
	if m.keep && options&4 != 0 {
		m.limit = 2
		opts = append(opts, metrics.WithMaxBackends(m.limit))
	}
	m.metrics = metrics.New(opts...)
	for i := range m.channels {
		m.reopen(i)
	}
	return m
}

// compare scrapes.
func (m *model) compare() {
	m.t.Helper()
	maps.DeleteFunc(m.backends, func(_ string, b *modelBackend) bool {
		return !m.keep && b.subConns == 0 && b.open == 0
	})
	want := make(map[string]float64)
	for _, b := range m.backends {
		maps.Copy(want, b.values)
		want["rpc_attempts_in_flight "+b.addr] = float64(b.open)
	}
	for state, n := range m.states {
		want["subchannels "+state] = n
	}
	maps.DeleteFunc(want, func(_ string, n float64) bool { return n == 0 })

	got := scrape(m.t, m.metrics)
	got.checkLaws(m.t)
	kept := got.of(func(p point) bool { return p.backend != "" || p.name == "subchannels" })
	if diff := cmp.Diff(want, kept.nonzero()); diff != "" {
		m.t.Errorf("(-want +got):\n%s", diff)
	}
	if n := got.sum("folded_subchannels_total"); n != m.folded {
		m.t.Errorf("folded = %v, want %v", n, m.folded)
	}
	if n := got.sum("connect_duration_seconds_count"); m.keep && n != m.timed {
		m.t.Errorf("connect durations = %v, want %v", n, m.timed)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(m.backends)), got.backends()); diff != "" {
		m.t.Errorf("backends with series (-want +got):\n%s", diff)
	}
}
