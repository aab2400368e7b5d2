package base2

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
)

// model says in the simplest way what states base2 should be in.
type model struct {
	listed      []*modelEndpoint // in the resolver's order
	lastPlace   int
	health      bool // endpoints are READY only if they are healthy
	resolverErr bool // the resolver's last answer was an error
	answered    bool // the resolver has sent an update or an error
	closed      bool
}

type modelEndpoint struct {
	addr   string
	state  connectivity.State // of the endpoint
	conn   connectivity.State // of its SubConn
	place  int                // 0 before it was READY for the first time
	code   codes.Code         // that an attempt has failed with; OK if it holds no status
	old    bool               // its connection has lived for a second
	early  int                // connections lost early, in a row
	paused bool               // it waits before it connects again
}

// aggregate returns the state of the policy.
func (m *model) aggregate() connectivity.State {
	for _, s := range []connectivity.State{connectivity.Ready, connectivity.Connecting, connectivity.Idle} {
		if slices.ContainsFunc(m.listed, func(e *modelEndpoint) bool { return e.state == s }) {
			return s
		}
	}
	return connectivity.TransientFailure
}

func (m *model) names() (names []string) {
	for _, e := range m.listed {
		names = append(names, e.addr)
	}
	return names
}

// update lists endpoints. A new one is CONNECTING.
func (m *model) update(addrs []string) {
	m.answered, m.resolverErr = true, len(addrs) == 0
	var listed []*modelEndpoint
	for _, addr := range addrs {
		i := slices.Index(m.names(), addr)
		if i >= 0 {
			listed = append(listed, m.listed[i])
		} else {
			listed = append(listed, &modelEndpoint{addr: addr, state: connectivity.Connecting})
		}
	}
	m.listed = listed
}

// connectivity takes a state change of the endpoint's SubConn. Once an endpoint has
// failed, only a connection ends its TRANSIENT_FAILURE.
func (m *model) connectivity(e *modelEndpoint, change event) {
	from, to := e.conn, change.state
	e.conn = to
	made := from == connectivity.Connecting && to == connectivity.Idle // and lost at once
	if lost := from == connectivity.Ready || made; lost && !e.old {
		e.early++
	} else if lost {
		e.early = 0
	}
	e.old = false
	switch {
	case to == connectivity.Ready && m.health, from == connectivity.Ready && to == connectivity.Connecting:
		e.state = connectivity.Connecting
	case to == connectivity.Ready:
		m.ready(e)
	case to == connectivity.TransientFailure:
		e.state, e.code = connectivity.TransientFailure, change.code
	case from == connectivity.Ready, made: // it connects at once, or after a pause
		e.state, e.paused, e.code = connectivity.Connecting, e.early > maxShortLives, codes.OK
		if e.paused {
			e.state = connectivity.TransientFailure
		}
	}
}

func (m *model) ready(e *modelEndpoint) {
	e.state = connectivity.Ready
	if e.place == 0 {
		m.lastPlace++
		e.place = m.lastPlace
	}
}

func (m *model) letTimePass() {
	for _, e := range m.listed {
		e.old = e.conn == connectivity.Ready
	}
}

// endPauses lets each pause end.
func (m *model) endPauses() {
	for _, e := range m.listed {
		if e.paused {
			e.state, e.paused = connectivity.Connecting, false
		}
	}
}

// apply takes an event.
func (m *model) apply(e event, addrs []string) {
	switch e.kind {
	case evUpdate, evStale:
		m.update(addrs)
	case evResolverError:
		m.answered, m.resolverErr = true, true
	case evWait:
		m.letTimePass()
		m.endPauses()
	case evClose:
		m.closed, m.listed = true, nil
	case evHealth:
		if e.state == connectivity.Ready {
			m.ready(m.listed[e.endpoint])
		} else {
			m.listed[e.endpoint].state = e.state
		}
	case evConnectivity:
		if !e.young {
			m.letTimePass()
		}
		m.connectivity(m.listed[e.endpoint], e)
	}
}
