package events

import (
	"strings"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// News is something that happened, before it is told. It is made under a lock, so it
// holds the error and not its text: Err.Error may be anybody's code.
type News struct {
	Kind    livestatus.EventKind
	Backend string // the backend's name; "" for the target
	Detail  string
	Err     error           // nil if there was none
	Change  *EndpointChange // of a resolver update
}

// Event is something that happened to a target or to a backend of it.
type Event struct {
	at      clock.Instant
	first   clock.Instant // when the first of the n happened
	kind    livestatus.EventKind
	backend string
	text    string
	change  *EndpointChange // of a resolver update
	n       int             // see livestatus.Event; 1 when it happens
}

// At returns the event of the news, which happens at now. It calls the Error method of
// the error, so the caller must not hold a lock.
func (n *News) At(now clock.Instant) Event {
	return Event{at: now, first: now, kind: n.Kind, backend: n.Backend, text: n.text(), change: n.Change, n: 1}
}

func (n *News) text() string {
	switch {
	case n.Err == nil:
		return n.Detail
	case n.Detail == "":
		return Shortened(n.Err.Error())
	}
	return n.Detail + ": " + Shortened(n.Err.Error())
}

const maxErrorText = 256 // bytes

// Shortened returns the text of an error, or the beginning of a long one, which it does
// not keep in memory.
func Shortened(text string) string {
	if len(text) <= maxErrorText {
		return text
	}
	return strings.ToValidUTF8(strings.Clone(text[:maxErrorText]), "") + "…"
}
