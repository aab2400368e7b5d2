package pickfirst2

import (
	"fmt"
	"slices"

	"google.golang.org/grpc/connectivity"
)

// A step is an event in a fair environment: gRPC, the resolver and the users do what
// they should, and nothing else. In any position, each actor has at most one step,
// or the choice between READY and TRANSIENT_FAILURE.
type step struct {
	actor    uint8
	state    connectivity.State // of an address, or of its health
	decisive bool               // an attempt ends: whether the address accepts connections decides how
	to       int32              // node
}

func (s step) String() string {
	switch s.actor {
	case theDelay:
		return "timer fires"
	case theUser:
		return "exit idle"
	case theResolver:
		return "update"
	default:
		return fmt.Sprintf("address %d %v", s.actor+1, s.state)
	}
}

// The addresses are actors; their numbers are their places in the list. These are the
// others.
const (
	theDelay    = mostAddresses + iota // it ends
	theUser                            // an RPC is picked in IDLE
	theResolver                        // it repeats its update if gRPC has refused a SubConn, but no longer does
)

const mostAddresses = 5

// fairStep returns the step that an event is, if it is one. An address in CONNECTING
// goes to READY or TRANSIENT_FAILURE, one in TRANSIENT_FAILURE to IDLE, and one in
// IDLE to CONNECTING if Connect was called. A connection stays, and becomes healthy.
func (p *position) fairStep(e event) (s step, ok bool) {
	switch e.kind {
	case evTimer:
		return step{actor: theDelay}, true
	case evExitIdle:
		return step{actor: theUser}, p.last.state == connectivity.Idle
	case evRefuse:
		return step{actor: theResolver}, len(e.refuse) == 0 && len(p.refusing) > 0
	case evUpdate:
		refused := slices.ContainsFunc(p.m.addrs, p.refused)
		same := p.lists(e.update.addrs) && e.update.gated == p.gated
		return step{actor: theResolver}, refused && len(p.refusing) == 0 && same
	case evHealth:
		return step{actor: uint8(e.index), state: e.state}, e.state == connectivity.Ready && connOf(p.m.subs[e.index]).health != e.state
	case evConnectivity:
		return p.fairChange(e)
	}
	return step{}, false
}

func (p *position) fairChange(e event) (s step, ok bool) {
	s = step{actor: uint8(e.index), state: e.state}
	switch sub := p.m.subs[e.index]; sub.state {
	case connectivity.Idle:
		return s, connOf(sub).asked
	case connectivity.Connecting:
		s.decisive = true
		return s, e.state != connectivity.Idle
	default:
		return s, sub.state == connectivity.TransientFailure
	}
}

// fresh returns the places of the addresses that have not failed in this pass. Once all
// have failed, each is tried on its own, as if it had not.
func (p *position) fresh() (places uint8) {
	for i, sub := range p.m.subs {
		failed := sub != nil && (sub.failed && p.m.phase == racing || sub.state == connectivity.TransientFailure)
		if !failed || p.m.phase == retrying {
			places |= 1 << i
		}
	}
	return places
}
