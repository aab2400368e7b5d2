package pickfirst2

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// position is a machine with all that gRPC and the resolver know about it. What can
// happen next depends on nothing else.
type position struct {
	m        machine
	timing   bool     // the delay before the next attempt is running
	refusing []string // addresses that get no SubConn
	answered bool     // the resolver has sent an update or an error
	gated    bool     // the last update turned the health gate on
	late     bool     // a second call of Connect may have its effect late
	last     effect   // the last report; CONNECTING before the first

	// dropped has the SubConns that were shut down, the last one to each address.
	// What can happen next does not depend on them: staleEffect checks that.
	dropped []*subchannel
}

func newPosition(late bool) *position {
	return &position{m: newMachine(), late: late, last: effect{kind: report, state: connectivity.Connecting}}
}

// fakeConn is a SubConn. Its connectivity state is in the subchannel.
type fakeConn struct {
	balancer.SubConn
	addr    string
	asked   bool               // Connect was called, and CONNECTING has not followed yet
	again   bool               // a second call of Connect has not had its effect yet
	watched bool               // a health listener is registered for this connection
	health  connectivity.State // what the health listener got last, CONNECTING at first
}

func connOf(sub *subchannel) *fakeConn {
	if sub == nil || sub.conn == nil {
		return nil
	}
	return sub.conn.(*fakeConn)
}

// clone returns a copy that shares nothing that changes.
func (p *position) clone() *position {
	q := *p
	q.m.addrs, q.m.subs = slices.Clone(p.m.addrs), slices.Clone(p.m.subs)
	q.dropped = slices.Clone(p.dropped)
	for i, sub := range p.m.subs {
		if sub == nil {
			continue
		}
		c := *sub
		if conn := connOf(sub); conn != nil {
			copied := *conn
			c.conn = &copied
		}
		q.m.subs[i] = &c
		if p.m.sel == sub {
			q.m.sel = &c
		}
		if p.last.sub == sub {
			q.last.sub = &c
		}
	}
	return &q
}

// key identifies the position. The names of addresses need not be part of it, since the
// machine only compares addresses: positions that differ in the names have the same
// future. Nor need the errors, since no decision depends on them.
func (p *position) key(named, errs bool) string {
	m, b := &p.m, make([]byte, 0, 80)
	b = append(b, byte(m.phase), byte(len(m.addrs)), byte(m.next), byte(m.failures), byte(slices.Index(m.subs, m.sel)),
		bit(m.healthGate), byte(m.reporter.state), bit(m.reporter.sticky),
		bit(p.timing), bit(p.answered), byte(p.last.state), byte(len(p.refusing)),
		bit(errs && m.resolverErr != nil), bit(errs && m.cause != nil))
	for i, sub := range m.subs {
		addr := m.addrs[i].Addr
		if named {
			b = append(b, addr...)
		}
		b = append(b, bit(slices.Contains(p.refusing, addr)))
		if sub == nil {
			b = append(b, '-')
			continue
		}
		b = append(b, byte(sub.index), byte(sub.state), bit(sub.failed), bit(sub.gone), bit(errs && sub.err != nil))
		if conn := connOf(sub); conn != nil {
			b = append(b, bit(conn.asked), bit(conn.again), bit(conn.watched), byte(conn.health))
		}
	}
	return string(b)
}

// TestPositionsHaveAllOfTheMachine fails when the machine gets another field: clone must
// copy it if it is a pointer, a slice or a map, and key must have it if a decision
// depends on it.
func TestPositionsHaveAllOfTheMachine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		of   any
		want string
	}{
		{machine{}, "phase addrs subs next failures sel healthGate resolverErr cause reporter"},
		{subchannel{}, "conn index state failed err gone"},
		{reporter{}, "state sticky"},
	} {
		if got := fieldsOf(test.of); got != test.want {
			t.Errorf("%T has the fields %s, want %s", test.of, got, test.want)
		}
	}
}

func fieldsOf(v any) string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// refused tells whether gRPC has refused to make a SubConn to a listed address.
func (p *position) refused(a resolver.Address) bool {
	i := slices.IndexFunc(p.m.addrs, func(b resolver.Address) bool { return sameAddress(a, b) })
	return i >= 0 && p.m.subs[i] != nil && p.m.subs[i].conn == nil
}

// lists tells whether the machine's list is addrs.
func (p *position) lists(addrs []resolver.Address) bool {
	return slices.EqualFunc(p.m.addrs, addrs, sameAddress)
}
