package metrics_test

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// events are the events that play knows: new SubConn, state, shut down, remove,
// pick, done, close a policy, open another, scrape.
const events = "nshxpdcoz"

// play makes an event happen. Its argument selects the object.
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
