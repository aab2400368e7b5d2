package base2

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// key identifies the position that the system is in: what can happen next depends on
// nothing else. Positions that differ only in the names of endpoints are the same. Unless
// updates reorder endpoints, so are those that differ only in their order. Events name
// endpoints by s.ranks, which key sets.
func (s *system) key() string {
	s.ranks = s.ranks[:0]
	if s.model.closed {
		return "closed" // closeFault has checked that nothing follows
	}
	b, m, conns := s.b, s.model, s.cc.Live()
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &b.publisher
	// errorChanged matters only in TRANSIENT_FAILURE, where it leads to a picker at once.
	// viewChanged matters only in every state.
	k := []byte{
		bit(m.answered), bit(b.resolverErr != nil), byte(s.cc.State().ConnectivityState), bit(p.last.Picker != nil),
		byte(p.aggregate), bit(p.readyChanged), bit(p.errorChanged && !s.small), bit(p.viewChanged && b.options.everyState), byte(len(b.order)),
	}
	keys := make([]string, len(b.order))
	for i, c := range b.order {
		s.ranks, keys[i] = append(s.ranks, i), c.positionKey(conns, s.young && m.listed[i].old)
	}
	if !s.reorders {
		slices.SortFunc(s.ranks, func(i, j int) int {
			return cmp.Or(cmp.Compare(keys[i], keys[j]), cmp.Compare(b.order[i].endpoint.Place, b.order[j].endpoint.Place))
		})
	}
	for _, i := range s.ranks {
		k = append(k, keys[i]...)
	}
	return string(b.appendPlaces(k, s.ranks))
}

// positionKey is the part of the key that is about one endpoint.
func (c *child[S]) positionKey(conns []*balancertest.SubConn, old bool) string {
	r := &c.reconnector
	k := []byte{
		byte(c.state), bit(c.endpoint.Place > 0), bit(c.conn != nil), bit(c.changed),
		bit(r.hasConn), byte(min(r.lostEarly, maxShortLives+1)), bit(r.pause.isRunning()), bit(old),
	}
	if c.err != nil {
		k = append(k, bit(strings.Contains(c.err.Error(), codes.PermissionDenied.String())))
	}
	for _, sc := range conns {
		if sc.Addr() == c.key {
			k = append(k, byte(sc.State()), bit(sc.Wanted()))
		}
	}
	return string(k)
}

// appendPlaces appends the order of the endpoints' places, and what the list of READY
// endpoints still holds of those that are gone.
func (b *endpointBalancer[S]) appendPlaces(k []byte, ranks []int) []byte {
	at := make(map[int]byte) // by place
	for rank, i := range ranks {
		if place := b.order[i].endpoint.Place; place > 0 {
			at[place] = byte(rank) << 2
		}
	}
	const gone, entered, changed = 0x80, 1, 2
	mark := func(place int, what byte) {
		if _, listed := at[place]; !listed {
			at[place] = gone
		}
		at[place] |= what
	}
	for _, r := range b.ready.entries {
		mark(r.Endpoint.Place, entered)
	}
	for _, c := range b.ready.changed {
		mark(c.endpoint.Place, changed)
	}
	for _, place := range slices.Sorted(maps.Keys(at)) {
		k = append(k, at[place])
	}
	return k
}

// TestPositionsHaveAllOfThePolicy fails when the policy gets another field: the key must
// have it if a decision depends on it.
func TestPositionsHaveAllOfThePolicy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		of   any
		want string
	}{
		{endpointBalancer[int]{}, "name cc opts options policy configure childBuilder start requests calls children updates state " +
			"mu order attributes states ready resolverErr updating unused closed publisher"},
		{child[int]{}, "ClientConn parent key endpoint policy lastUpdate wish changed state resolved err conn reconnector"},
		{childConn[int]{}, "SubConn child addr listener connected"},
		{publisher{}, "last aggregate readyChanged errorChanged viewChanged answerDue cost ended delayed"},
		{readyList[int]{}, "entries changed ready lastPlace"},
		{reconnector{}, "pause at hasConn lostEarly"},
	} {
		var names []string
		for field := range reflect.TypeOf(test.of).Fields() {
			names = append(names, field.Name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%T has the fields %s, want %s", test.of, got, test.want)
		}
	}
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// what says what gRPC sees of the policy.
func (s *system) what() string {
	state := s.cc.State().ConnectivityState
	text := state.String()
	if p := s.picker(); p != nil && state == connectivity.Ready {
		text += ", picks"
		for _, r := range p.ready {
			text += " " + r.Endpoint.Key()
		}
	}
	live := s.cc.Live() // in the order of their creation, which is random
	slices.SortFunc(live, func(a, b *balancertest.SubConn) int { return cmp.Compare(a.Addr(), b.Addr()) })
	for _, sc := range live {
		text += "; " + sc.Addr() + " " + sc.State().String()
		if sc.State() == connectivity.Idle && sc.Wanted() {
			text += ", asked to connect"
		}
	}
	return text
}
