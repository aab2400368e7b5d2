package base2

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// fault returns what is wrong after an event, or nothing. It may change the system.
func (s *system) fault(e event) string {
	reports, fault := s.did()
	if fault != "" {
		return fault
	}
	if fault := s.reportsFault(e, reports); fault != "" {
		return fault
	}
	if s.model.closed {
		return s.closeFault()
	}
	for _, faultOf := range []func() string{s.subConnFault, s.childFault, s.stateFault, s.pickFault, s.viewFault} {
		if fault := faultOf(); fault != "" {
			return fault
		}
	}
	return ""
}

// reportsFault checks that there is one picker for a resolver update, and none for what
// changes nothing.
func (s *system) reportsFault(e event, reports int) string {
	least, most := 0, 2*len(s.model.listed) // CONNECTING before TRANSIENT_FAILURE, for example
	switch e.kind {
	case evUpdate, evStale:
		least, most = 1, 1
	case evExitIdle, evClose:
		most = 0
	case evResolverError:
		most = 1
	}
	if reports < least || reports > most {
		return fmt.Sprintf("%d pickers are published, want %d to %d", reports, least, most)
	}
	return ""
}

// subConnFault checks that each endpoint has one SubConn, which connects.
func (s *system) subConnFault() string {
	live := s.cc.Live()
	if len(live) != len(s.model.listed) {
		return fmt.Sprintf("the SubConns are %v, want one for each of %v", live, s.model.names())
	}
	for _, e := range s.model.listed {
		i := slices.IndexFunc(live, func(sc *balancertest.SubConn) bool { return sc.Addr() == e.addr })
		if i < 0 {
			return "there is no SubConn to " + e.addr
		}
		sc := live[i]
		if sc.State() != e.conn {
			return fmt.Sprintf("the SubConn to %s is %v, want %v", e.addr, sc.State(), e.conn)
		}
		if idle := e.conn == connectivity.Idle; idle && sc.Wanted() == e.paused {
			return fmt.Sprintf("IDLE %s is asked to connect: %v, want %v", e.addr, sc.Wanted(), !e.paused)
		}
	}
	return ""
}

// childFault checks that base2 knows what the model does.
func (s *system) childFault() string {
	b := s.b
	var states stateCounts
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.order) != len(s.model.listed) || len(b.children) != len(b.order) {
		return fmt.Sprintf("there are %d children, %d of them in order, want %d", len(b.children), len(b.order), len(s.model.listed))
	}
	for i, e := range s.model.listed {
		c := b.order[i]
		switch {
		case c.key != e.addr || b.children[c.key] != c:
			return fmt.Sprintf("the child at %d is %s, want %s", i, c.key, e.addr)
		case !c.isLocked(e.state):
			return fmt.Sprintf("%s is %v, want %v", e.addr, connectivity.State(c.state), e.state)
		case c.endpoint.Place != e.place:
			return fmt.Sprintf("%s has place %d, want %d", e.addr, c.endpoint.Place, e.place)
		case c.reconnector.pause.isRunning() != e.paused:
			return fmt.Sprintf("%s pauses: %v, want %v", e.addr, c.reconnector.pause.isRunning(), e.paused)
		}
		states.add(e.state)
	}
	if b.states != states || b.ready.ready != states[connectivity.Ready] {
		return fmt.Sprintf("the counts of states are %v with %d READY, want %v", b.states, b.ready.ready, states)
	}
	if b.updating || len(b.unused) > 0 || b.publisher.answerDue {
		return "an update is not finished"
	}
	return ""
}

// stateFault checks the state that was reported last.
func (s *system) stateFault() string {
	want := s.model.aggregate()
	if !s.model.answered {
		want = connectivity.Connecting // which gRPC assumes
	}
	if got := s.cc.State().ConnectivityState; got != want {
		return fmt.Sprintf("the last report is %v, want %v", got, want)
	}
	return ""
}

// pickFault checks where RPCs go, or with what error they fail.
func (s *system) pickFault() string {
	if !s.model.answered {
		return ""
	}
	var want, got []string
	byPlace := slices.SortedFunc(slices.Values(s.model.listed), func(a, b *modelEndpoint) int { return a.place - b.place })
	for _, e := range byPlace {
		if e.state == connectivity.Ready {
			want = append(want, e.addr)
		}
	}
	if p := s.picker(); p != nil {
		for _, r := range p.ready {
			sc := r.SubConn.(*watchedSubConn).SubConn.(*balancertest.SubConn)
			got = append(got, sc.Addr())
			if r.Endpoint.Key() != sc.Addr() || sc.State() != connectivity.Ready {
				return fmt.Sprintf("RPCs for %s go to %v in %v", r.Endpoint.Key(), sc, sc.State())
			}
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Sprintf("RPCs go to %v, want %v", got, want)
	}
	_, err := s.cc.State().Picker.Pick(balancer.PickInfo{})
	switch state := s.model.aggregate(); {
	case (err == nil) != (state == connectivity.Ready), errors.Is(err, balancer.ErrNoSubConnAvailable) != (state == connectivity.Connecting):
		return fmt.Sprintf("in %v a pick has the error %v", state, err)
	case state == connectivity.TransientFailure:
		return s.errorFault(err.Error())
	}
	return ""
}

// errorFault checks that an error says why there is no connection.
func (s *system) errorFault(text string) string {
	for _, e := range s.model.listed {
		_, own, named := strings.Cut(text, " "+e.addr+": ")
		own, _, _ = strings.Cut(own, "; connect to")
		if !named || strings.Contains(own, codes.PermissionDenied.String()) != (e.code != codes.OK) {
			return fmt.Sprintf("the error %q does not say that %s is unavailable: code %v", text, e.addr, e.code)
		}
	}
	if strings.Contains(text, "resolver error: ") != s.model.resolverErr {
		return fmt.Sprintf("the error %q names a resolver error, want that: %v", text, s.model.resolverErr)
	}
	return ""
}

// viewFault checks what a policy with WithEveryState has seen last.
func (s *system) viewFault() string {
	if !s.b.options.everyState || len(s.model.listed) == 0 {
		return ""
	}
	p := s.picker()
	if p == nil || len(p.all) != len(s.model.listed) {
		return "the policy has not seen all endpoints"
	}
	for i, e := range s.model.listed {
		if got := p.all[i]; got.Endpoint.Key() != e.addr || got.State != e.state || (got.Err != nil) != (e.state == connectivity.TransientFailure) {
			return fmt.Sprintf("the policy has seen %s in %v with the error %v, want %s in %v", got.Endpoint.Key(), got.State, got.Err, e.addr, e.state)
		}
	}
	return ""
}

// closeFault checks that nothing has an effect after Close: no call and no timer.
func (s *system) closeFault() string {
	s.apply(event{kind: evExitIdle})
	s.channel.Rebuild()
	s.channel.RebuildAfter(time.Second)
	time.Sleep(time.Hour)
	synctest.Wait()
	if reports, fault := s.did(); reports > 0 || fault != "" || len(s.cc.Live()) > 0 {
		return fmt.Sprintf("after close there are %d pickers, %s, and the SubConns %v", reports, fault, s.cc.Live())
	}
	return ""
}
