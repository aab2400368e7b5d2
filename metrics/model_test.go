package metrics_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

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

// events are what play can do: new SubConn, state, shut down, remove, pick,
// done, close a policy, open another, scrape.
const events = "nshxpdcoz"

// play makes an event happen. Its argument says to whom.
func (m *model) play(event byte, arg int) {
	switch event {
	case 'n':
		m.newSubConn(m.channels[arg%2], fmt.Sprintf("%d:1", arg/2%3))
	case 'c':
		m.close(arg % 2)
	case 'o':
		m.reopen(arg % 2)
	case 'd':
		m.done(arg)
	case 'z':
		m.compare()
	default:
		if n := len(m.subConns); n > 0 {
			m.act(m.subConns[n-1-arg%8%n], event, arg/8)
		}
	}
}

func (m *model) act(sc *modelSubConn, event byte, arg int) {
	switch event {
	case 's':
		m.state(sc, connectivity.State(arg%5))
	case 'h':
		sc.sc.Shutdown()
		m.leave(sc)
	case 'x':
		sc.channel.stub.cc.RemoveSubConn(sc.sc)
		m.leave(sc)
	case 'p':
		m.pick(sc, arg%2 == 0)
	}
}

func (m *model) reopen(i int) {
	if m.channels[i] != nil && m.channels[i].policy != nil {
		return
	}
	c := &modelChannel{stub: &stub{}, cc: &looseConn{}}
	c.policy = m.metrics.Instrument(c.stub).Build(c.cc, balancer.BuildOptions{})
	m.channels[i] = c
}

func (m *model) close(i int) {
	c := m.channels[i]
	if c.policy == nil {
		return
	}
	c.policy.Close()
	c.policy = nil
	for _, sc := range m.subConns {
		if sc.channel == c {
			m.leave(sc)
		}
	}
}

func (m *model) newSubConn(c *modelChannel, addr string) {
	sc, err := c.stub.cc.NewSubConn([]resolver.Address{{Addr: addr}}, balancer.NewSubConnOptions{StateListener: func(balancer.SubConnState) {}})
	if err != nil {
		m.t.Fatalf("NewSubConn: %v", err)
	}
	fake := c.cc.made[len(c.cc.made)-1]
	if c.policy == nil {
		if sc != balancer.SubConn(fake) {
			m.t.Errorf("NewSubConn of a closed policy gave %v, want gRPC's own", sc)
		}
		return
	}
	b := m.backend(addr)
	b.subConns++
	m.states[idle.String()]++
	m.subConns = append(m.subConns, &modelSubConn{channel: c, sc: sc, fake: fake, backend: b})
}

// backend returns the backend that is counted for the address.
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

func (m *model) pick(sc *modelSubConn, ownDone bool) {
	res := balancer.PickResult{SubConn: sc.sc}
	if ownDone {
		res.Done = func(balancer.DoneInfo) {}
	}
	sc.channel.stub.publish(res, nil)
	res, err := sc.channel.cc.picker.Pick(balancer.PickInfo{})
	if err != nil || res.SubConn != balancer.SubConn(sc.fake) {
		m.t.Fatalf("Pick gave %v, %v, want gRPC's SubConn", res, err)
	}
	sc.backend.open++
	sc.backend.add("picks_total", "", 1)
	m.open = append(m.open, &modelPick{res.Done, sc.backend})
}

func (m *model) done(arg int) {
	if len(m.open) == 0 {
		return
	}
	i := arg / 4 % len(m.open)
	p := m.open[i]
	m.open = append(m.open[:i], m.open[i+1:]...)
	p.backend.open--
	if m.latency && arg%4 != 0 {
		p.backend.add("rpc_attempt_duration_seconds_count", "", 1)
	}
	switch arg % 4 {
	case 0:
		p.backend.add("repicks_total", "", 1)
		p.done(balancer.DoneInfo{})
	case 1:
		p.backend.add("rpc_attempts_total", "UNKNOWN", 1)
		p.done(balancer.DoneInfo{Err: errors.New("plain")})
	default:
		p.backend.add("rpc_attempts_total", "OK", 1)
		p.done(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
	}
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
	if diff := cmp.Diff(slices.Sorted(maps.Keys(m.backends)), got.backends()); diff != "" {
		m.t.Errorf("backends with series (-want +got):\n%s", diff)
	}
}
