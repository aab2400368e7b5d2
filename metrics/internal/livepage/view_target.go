package livepage

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// targetView is a row of the overview.
type targetView struct {
	ID             string
	Target, Policy text
	Only           string // link to the page with only this target
	Channels       []instancesView
	Ready, Of      string
	Usable         string // of the READY ones; "" if all are
	Short          string // the style class for backends that are not usable; "" if all are usable
	Picks          string
	Delayed        string
	Failed         string
	Waiting        string
	Folded         string // "" for none
	Imbalance      string // "" without picks
}

// instancesView is the policy instances of a target that are in one state.
type instancesView struct {
	State stateView
	N     int
	Since *moment // when the first of them entered it
}

func newTargetView(t *targetStatus, q query, now time.Time) targetView {
	only := q.toPage(1)
	only.target, only.policy = t.Target, t.Policy
	v := targetView{
		ID:     rowID("t", t.Target, t.Policy, ""),
		Target: newText(t.Target, maxShort), Policy: newText(t.Policy, maxShort),
		Only:  only.link(),
		Ready: grouped(t.ready), Of: grouped(len(t.Backends)),
		Picks: grouped(t.picks), Delayed: grouped(t.PicksDelayed), Failed: grouped(t.PicksFailed), Waiting: grouped(t.Waiting),
	}
	if t.usable < t.ready {
		v.Usable = grouped(t.usable)
	}
	switch t.usable {
	case len(t.Backends):
	case 0:
		v.Short = "bad"
	default:
		v.Short = "wait"
	}
	if t.Folded > 0 {
		v.Folded = grouped(t.Folded)
	}
	if t.imbalance > 0 {
		v.Imbalance = fmt.Sprintf("%.2f", t.imbalance)
	}
	v.Channels = newInstancesViews(t.Instances, now)
	return v
}

// newInstancesViews groups the instances by state. They must be sorted, oldest
// first.
func newInstancesViews(instances []Instance, now time.Time) []instancesView {
	var views []instancesView
	for _, instance := range instances {
		state := newStateView(instance.State.String())
		i := slices.IndexFunc(views, func(v instancesView) bool { return v.State == state })
		if i < 0 {
			i = len(views)
			views = append(views, instancesView{State: state, Since: newMoment(instance.Since, now)})
		}
		views[i].N++
	}
	return views
}

// stateView is a state and its style class.
type stateView struct{ Name, Class string }

func newStateView(state string) stateView {
	return stateView{Name: state, Class: strings.ToLower(state)}
}
