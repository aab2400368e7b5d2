package weightedroundrobin

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// slowStart says how the weight of a new endpoint grows. It is Envoy's slow_start_config.
type slowStart struct {
	// WindowSeconds is the time until an endpoint has its full weight. The default is 0:
	// there is no slow start. Nor is there one if the window is a second or less.
	WindowSeconds float64 `json:"windowSeconds"`
	// Aggression is the shape of the growth: linear at 1, faster at the beginning above 1,
	// slower below. The default is 1.
	Aggression float64 `json:"aggression"`
	// MinWeightPercent is the percentage of its weight that an endpoint has at least. The
	// default is 10.
	MinWeightPercent float64 `json:"minWeightPercent"`
}

func (s slowStart) validate() error {
	switch {
	case s.WindowSeconds < 0:
		return fmt.Errorf("slowStart.windowSeconds is %v, want 0 for no slow start, or more", s.WindowSeconds)
	case s.Aggression < 0:
		return fmt.Errorf("slowStart.aggression is %v, want 0 for the default, or more", s.Aggression)
	case s.MinWeightPercent < 0, s.MinWeightPercent > 100:
		return fmt.Errorf("slowStart.minWeightPercent is %v, want 0 for the default, or up to 100", s.MinWeightPercent)
	}
	return nil
}

func (s slowStart) withDefaults() slowStart {
	s.Aggression = cmp.Or(s.Aggression, 1)
	s.MinWeightPercent = cmp.Or(s.MinWeightPercent, 10)
	return s
}

// factor returns what part of its weight an endpoint has, so long after its start. As in
// Envoy, the first second counts as a whole one.
func (s slowStart) factor(age time.Duration) float64 {
	seconds := max(age.Seconds(), 1)
	if seconds >= s.WindowSeconds {
		return 1
	}
	return max(s.MinWeightPercent/100, math.Pow(seconds/s.WindowSeconds, 1/s.Aggression))
}

// step returns the time between two changes of the weights during a slow start.
func (s slowStart) step() time.Duration {
	return time.Duration(min(s.WindowSeconds/20, 60) * float64(time.Second))
}

// longAbsence is the time after which an endpoint that is READY again starts slowly again.
// A connection that is merely lost is made again in a second or two, by a server that is
// as warm as before. A server that was away for longer was probably restarted. If it was
// the network instead, the slow start does little harm: an endpoint has less than its
// share for a while.
const longAbsence = 5 * time.Second

// history is what the policy knows of one endpoint. Only NewPicker uses it.
type history struct {
	ready bool      // whether it was, when the last picker was made
	left  time.Time // when it was READY last; zero before it leaves READY for the first time
	start time.Time // of its slow start
}

func (h *history) record(ready bool, now time.Time) {
	switch {
	case ready && !h.ready && now.Sub(h.left) > longAbsence:
		h.start = now
	case !ready && h.ready:
		h.left = now
	}
	h.ready = ready
}
