package livestatus

import "time"

// EventKind says what an [Event] is. The values are part of the JSON.
type EventKind string

// The kinds of events.
const (
	Connected      EventKind = "connected"       // a backend: a connection was made
	Lost           EventKind = "lost"            // a backend: a connection was lost, with its error if there was one
	ConnectFailed  EventKind = "connect_failed"  // a backend: a connection attempt failed, the first since the last that succeeded
	Usable         EventKind = "usable"          // a backend: it gets picks again
	Unusable       EventKind = "unusable"        // a backend: it gets no picks though it is READY; the text is the reason, and the error if there was one
	ResolverUpdate EventKind = "resolver_update" // the endpoints changed, or the resolver works again
	ResolverError  EventKind = "resolver_error"  // the resolver failed
	UpdateRejected EventKind = "update_rejected" // the policy rejected the resolver's update
	InstanceBuilt  EventKind = "instance_built"  // a channel got a policy instance
	InstanceClosed EventKind = "instance_closed" // a channel closed its policy instance
	InstanceState  EventKind = "instance_state"  // the policy reported another state; the text is that state
	Folded         EventKind = "folded"          // a backend is above the limit, and counted as "other"
)

// Event is something that happened to a target or to a backend of it.
type Event struct {
	At      time.Time // when it happened last
	Kind    EventKind
	Backend string // its name; empty for events that concern the target
	Text    string // an error or a detail; may be empty

	// N counts events of this kind. It is 1 unless the same came again and again, or
	// so many came at once that this event stands for the rest of them: then Backend
	// and Text are those of the last.
	N     int
	First time.Time // when the first of the N happened

	// Of resolver updates:

	Endpoints      int      // how many there are now
	Added, Removed []string // names of endpoints that came and went; the first few
	AddedCount     int      // how many came
	RemovedCount   int      // how many went
}

// FirstAt returns when the first of the events that this one stands for happened.
func (e *Event) FirstAt() time.Time {
	if e.First.IsZero() {
		return e.At
	}
	return e.First
}
