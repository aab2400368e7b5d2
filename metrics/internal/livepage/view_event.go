package livepage

import (
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// How many events of a target are shown at once. A click shows those before.
const (
	maxEvents       = 3 // if there is only one target
	maxEventsBeside = 2 // if there are others, and something is wrong with it
)

// eventView is an event in words.
type eventView struct {
	At    moment
	Words string
	Times string // how often; "" for once
	Class string
}

// newEventViews returns the last n events, and those before.
func newEventViews(events []livestatus.Event, n int, now time.Time) (last, earlier []eventView) {
	all := make([]eventView, 0, len(events))
	for i := range events {
		e := &events[i]
		v := eventView{At: newMoment(e.At, now), Words: eventWords(e), Class: eventClasses[e.Kind]}
		if e.N > 1 {
			v.Times = wording.Grouped(e.N)
		}
		all = append(all, v)
	}
	n = min(len(all), n)
	return all[:n], all[n:]
}

// eventClasses are the style classes of events that tell of trouble or of its end.
var eventClasses = map[livestatus.EventKind]string{
	livestatus.Lost: "bad", livestatus.ConnectFailed: "bad", livestatus.Unusable: "bad", livestatus.ResolverError: "bad", livestatus.UpdateRejected: "bad",
	livestatus.Connected: "good", livestatus.Usable: "good",
}
