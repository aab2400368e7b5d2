package metrics

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// targetView is a line of the overview.
type targetView struct {
	ID             string
	Target, Policy text
	Only           string // the page with this one only
	Channels       []channelView
	Ready, Of      string
	Short          string // how bad it is that backends are not READY; "" if all are
	Picks          string
	Delayed        string
	Failed         string
	Waiting        string
	Folded         string // "" for none
	Imbalance      string // "" if there is none to tell
}

// channelView is the channels in one state.
type channelView struct {
	State stateView
	N     int
	Since *moment // the first of them
}

func newTargetView(t targetStatus, q pageQuery, now time.Time) targetView {
	only := q.toPage(1)
	only.target, only.policy = t.Target, t.Policy
	v := targetView{
		ID:     rowID("t", t.Target, t.Policy, ""),
		Target: newText(t.Target, maxShort), Policy: newText(t.Policy, maxShort),
		Only:  only.link(),
		Ready: grouped(t.Ready), Of: grouped(t.Backends),
		Picks: grouped(t.Picks), Delayed: grouped(t.PicksDelayed), Failed: grouped(t.PicksFailed), Waiting: grouped(t.Waiting),
	}
	switch t.Ready {
	case t.Backends:
	case 0:
		v.Short = "bad"
	default:
		v.Short = "wait"
	}
	if t.Folded > 0 {
		v.Folded = grouped(t.Folded)
	}
	if t.Imbalance > 0 {
		v.Imbalance = fmt.Sprintf("%.2f", t.Imbalance)
	}
	for _, c := range t.Channels {
		state := newStateView(c.State)
		i := slices.IndexFunc(v.Channels, func(v channelView) bool { return v.State == state })
		if i < 0 {
			i = len(v.Channels)
			v.Channels = append(v.Channels, channelView{State: state, Since: newMoment(c.Since, now)})
		}
		v.Channels[i].N++
	}
	return v
}

// stateView is a state with its class in the style sheet.
type stateView struct{ Name, Class string }

func newStateView(state string) stateView {
	return stateView{Name: state, Class: strings.ToLower(state)}
}
