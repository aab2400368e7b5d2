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

// model is the simplest specification of what is counted.
type model struct {
	t        *testing.T
	metrics  *metrics.Metrics
	keep     bool // the retention is endless; otherwise there is none
	latency  bool
	limit    int // on the number of backends with series; 0 for none
	channels [2]*modelChannel
	subConns []*modelSubConn
	open     []*modelPick
	backends map[string]*modelBackend // backends that have series
	states   map[string]float64
	folded   float64
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
}

type modelBackend struct {
	addr           string
	subConns, open int
	values         map[string]float64 // by the names that points.nonzero uses
}

func (b *modelBackend) add(name, extra string, n float64) {
	b.values[strings.TrimSpace(name+" "+b.addr+" "+extra)] += n
}

type modelPick struct {
	done    func(balancer.DoneInfo)
	backend *modelBackend
}

// newModel returns a model of a Metrics with the options whose bits are set: no
// retention, latency, at most 2 backends with series. A model with the limit has an
// endless retention.
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

// backend returns the backend that counts for the address.
func (m *model) backend(addr string) *modelBackend {
	if b := m.backends[addr]; b != nil {
		return b
	}
	if m.limit > 0 && len(m.backends) >= m.limit {
		m.folded++
		addr = "other"
	}
	if m.backends[addr] == nil {
		m.backends[addr] = &modelBackend{addr: addr, values: make(map[string]float64)}
	}
	return m.backends[addr]
}

func (m *model) leave(sc *modelSubConn) {
	if sc.gone {
		return
	}
	sc.gone = true
	sc.backend.subConns--
	m.states[sc.state.String()]--
	if sc.state == ready {
		sc.backend.add("ready_subchannels", "", -1)
	}
}

func (m *model) state(sc *modelSubConn, to connectivity.State) {
	sc.fake.state(to)
	from := sc.state
	if to == shutdown {
		m.leave(sc)
	}
	if sc.gone || from == to {
		return
	}
	sc.state = to
	m.states[from.String()]--
	m.states[to.String()]++
	b := sc.backend
	if from == ready {
		b.add("ready_subchannels", "", -1)
		b.add("disconnections_total", "", 1)
		b.add("early_disconnections_total", "", 1) // no time passes
		return
	}
	switch {
	case to == ready:
		b.add("ready_subchannels", "", 1)
		b.add("connection_attempts_succeeded_total", "", 1)
	case to == failure:
		b.add("connection_attempts_failed_total", "", 1)
	case from == connecting:
		b.add("connection_attempts_succeeded_total", "", 1)
		b.add("disconnections_total", "", 1)
		b.add("early_disconnections_total", "", 1)
	}
}

// compare scrapes and compares the series with the model.
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
	if diff := cmp.Diff(slices.Sorted(maps.Keys(m.backends)), got.backends()); diff != "" {
		m.t.Errorf("backends with series (-want +got):\n%s", diff)
	}
}
