package metrics_test

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// events are what play can do: new SubConn, state, shut down, remove, pick,
// done, close a policy, open another, scrape, register a health listener, health
// update.
const events = "nshxpdcozrv"

// play makes an event happen. Its argument says to whom.
func (m *model) play(event byte, arg int) {
	switch event {
	case 'n':
		m.newSubConn(m.channels[arg%2], fmt.Sprintf("%d:1", arg/2%3), arg/6%2 == 1)
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
		m.state(sc, connectivity.State(arg%5), modelErrors[arg/5%len(modelErrors)])
	case 'h':
		sc.sc.Shutdown()
		m.leave(sc)
	case 'x':
		sc.channel.stub.cc.RemoveSubConn(sc.sc)
		m.leave(sc)
	case 'p':
		m.pick(sc, arg%2 == 0)
	case 'r':
		m.watch(sc, arg%4 != 0)
	case 'v':
		m.health(sc, connectivity.State(arg%5), modelErrors[arg/5%len(modelErrors)])
	}
}

// modelErrors are what gRPC says of an ejection, of a failed health check, and of
// a connection that failed.
var modelErrors = []error{
	nil, errors.New("connection active but health check failed. status=NOT_SERVING"), errors.New("connection refused"),
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

func (m *model) newSubConn(c *modelChannel, addr string, checked bool) {
	sc, err := c.stub.cc.NewSubConn([]resolver.Address{{Addr: addr}}, balancer.NewSubConnOptions{
		StateListener: func(balancer.SubConnState) {}, HealthCheckEnabled: checked,
	})
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
	m.subConns = append(m.subConns, &modelSubConn{channel: c, sc: sc, fake: fake, backend: b, checked: checked})
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
	m.notReady(sc)
	sc.gone = true
	sc.backend.subConns--
	m.states[sc.state.String()]--
}

// notReady takes the SubConn out of those that are READY.
func (m *model) notReady(sc *modelSubConn) {
	if sc.state == ready {
		sc.backend.add("ready_subchannels", "", -1)
		m.setUsable(sc, "", -1)
	}
	sc.usable, sc.watching = "", 0
}

// setUsable counts n READY SubConns that are usable, or why not.
func (m *model) setUsable(sc *modelSubConn, usable string, n float64) {
	if n > 0 {
		sc.usable = usable
	}
	if sc.usable == "" {
		sc.backend.add("usable_subchannels", "", n)
	} else {
		sc.backend.add("unusable_subchannels", sc.usable, n)
	}
}

func (m *model) state(sc *modelSubConn, to connectivity.State, cause error) {
	sc.fake.listener(balancer.SubConnState{ConnectivityState: to, ConnectionError: cause})
	from := sc.state
	if to == shutdown {
		m.leave(sc)
	}
	if sc.gone || from == to {
		return
	}
	m.notReady(sc)
	sc.state = to
	m.states[from.String()]--
	m.states[to.String()]++
	m.connection(sc, from, to, cause)
	if to == ready {
		sc.backend.add("ready_subchannels", "", 1)
		m.setUsable(sc, "", 1)
	}
}

func (m *model) connection(sc *modelSubConn, from, to connectivity.State, cause error) {
	b, unknown := sc.backend, sc.unknown
	sc.unknown = false
	byHealth := sc.checked && (to == ready || to == connecting || to == failure)
	switch {
	case sc.connected && byHealth:
		sc.flapped = true
	case sc.connected:
		sc.connected, sc.unknown = false, to == connecting
		b.add("disconnections_total", "", 1)
		if !sc.flapped {
			b.add("early_disconnections_total", "", 1) // no time passes
		}
	case to == ready, sc.checked && to == failure && cause == modelErrors[1]:
		sc.connected, sc.flapped = true, false
		if from == connecting && to == ready && !unknown {
			m.timed++
		}
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
