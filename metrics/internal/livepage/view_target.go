package livepage

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// targetView is a target in the overview.
type targetView struct {
	ID             string
	Target, Policy text
	Only           string // link to the page with only this target
	Channels       []instancesView
	Severity       string
	Summary        []string // the parts of the sentence
	Tiles          tilesView
	History        *historyView // nil if there is none
	Events         []eventView  // the last
	Earlier        []eventView  // those before
	EarlierName    string       // how many
	Totals         targetTotals
}

// targetTotals is the numbers of a target since it was first listed.
type targetTotals struct {
	Ready     string
	Picks     string
	Delayed   string
	Failed    string
	Folded    string // "" for none
	Imbalance string // of the last minute; "" without picks
}

// summarized is a target with its sentence.
type summarized struct {
	*selection.Target
	said *diagnosis.Sentence
}

// instancesView is the policy instances of a target that are in one state.
type instancesView struct {
	State stateView
	N     int
	Since moment // when the first of them entered it
}

// newTargetView returns a target in the overview. others tells that the page shows
// other targets, too, so this one takes less room.
func newTargetView(s summarized, q selection.Query, others bool, now time.Time) targetView {
	t := s.Target
	only := q.ToPage(1)
	only.Target, only.Policy = t.Target, t.Policy
	v := targetView{
		ID:     rowID("t", t.Target, t.Policy, ""),
		Target: newText(t.Target, wording.MaxName), Policy: newText(t.Policy, wording.MaxName),
		Only:     only.Link(),
		Channels: newInstancesViews(t.Instances, now),
		Severity: s.said.Severity.String(),
		Summary:  s.said.Parts,
		Tiles:    newTilesView(t, only),
		History:  newHistoryView(t.History, now),
		Totals: targetTotals{
			Ready: fmt.Sprintf("%s of %s", wording.Grouped(t.Ready), wording.Grouped(len(t.Backends))),
			Picks: wording.Grouped(t.Picks), Delayed: wording.Grouped(t.PicksDelayed), Failed: wording.Grouped(t.PicksFailed),
			Folded: unlessZero(t.Folded),
		},
	}
	if imbalance := t.Imbalance(); imbalance > 0 {
		v.Totals.Imbalance = fmt.Sprintf("%.2f", imbalance)
	}
	v.Events, v.Earlier = newEventViews(t.Events, shownEvents(s.said.Severity, others), now)
	v.EarlierName = wording.Count(len(v.Earlier), "change")
	if len(v.Events) > 0 {
		v.EarlierName = wording.Count(len(v.Earlier), "earlier change")
	}
	return v
}

// shownEvents returns how many events are shown without a click.
func shownEvents(how diagnosis.Severity, others bool) int {
	switch {
	case !others:
		return maxEvents
	case how <= diagnosis.Warn:
		return maxEventsBeside
	}
	return 0
}

// newInstancesViews groups the instances by state. They must be sorted, oldest
// first.
func newInstancesViews(instances []livestatus.Instance, now time.Time) []instancesView {
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
