package view

import (
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
)

// Mode is what the screen shows.
type Mode int

// The modes.
const (
	Backends Mode = iota
	Clients
	Events
	Help
)

// State is what the user has chosen, and the terminal.
type State struct {
	Width, Height int
	Mode          Mode
	Target        fleet.Key // whose backends are shown; the first target if this one is not there
	Order         fleet.Order
	Filter        string
	Typing        bool // the filter is being typed
	Offset        int  // rows scrolled away
	Interval      time.Duration
}

// chosen returns the index of the target whose backends are shown.
func (s State) chosen(f *fleet.Fleet) int {
	for i := range f.Targets {
		if f.Targets[i].Key == s.Target {
			return i
		}
	}
	return 0
}

// NextTarget returns the state after a step of n targets.
func (s State) NextTarget(f *fleet.Fleet, n int) State {
	if all := len(f.Targets); all > 0 {
		s.Target = f.Targets[((s.chosen(f)+n)%all+all)%all].Key
		s.Offset = 0
	}
	return s
}

// Show returns the state in the mode, or in Backends if it is in that mode already.
func (s State) Show(m Mode) State {
	if s.Mode == m {
		m = Backends
	}
	s.Mode, s.Offset = m, 0
	return s
}

// Scroll returns the state after a step of n rows.
func (s State) Scroll(f *fleet.Fleet, n int, now time.Time) State {
	c := s.contents(f, now)
	s.Offset = min(max(s.Offset, 0), c.last(s))
	s.Offset = min(max(s.Offset+n, 0), c.last(s))
	return s
}

// Page returns how many rows fit.
func (s State) Page(f *fleet.Fleet, now time.Time) int { return max(s.contents(f, now).room(s), 1) }
