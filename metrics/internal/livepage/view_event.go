package livepage

import "time"

// maxEvents is how many events of a target are shown at once. A click shows those
// before.
const maxEvents = 3

// eventView is an event in words.
type eventView struct {
	At    *moment
	Words string
	Times string // how often; "" for once
	Class string
}

// newEventViews returns the last events, and those before.
func newEventViews(events []Event, now time.Time) (last, earlier []eventView) {
	all := make([]eventView, 0, len(events))
	for i := range events {
		e := &events[i]
		v := eventView{At: newMoment(e.At, now), Words: e.words(), Class: eventClasses[e.Kind]}
		if e.N > 1 {
			v.Times = grouped(e.N)
		}
		all = append(all, v)
	}
	n := min(len(all), maxEvents)
	return all[:n], all[n:]
}

// eventClasses are the style classes of events that tell of trouble or of its end.
var eventClasses = map[EventKind]string{
	Lost: "bad", ConnectFailed: "bad", Unusable: "bad", ResolverError: "bad", UpdateRejected: "bad",
	Connected: "good", Usable: "good",
}
