package livepage

import (
	"fmt"
	"strings"
	"time"
)

// words says in words what happened, without when.
func (e *Event) words() string {
	name := visible(cut(e.Backend, maxShort))
	if name == "" {
		name = "(no name)"
	}
	switch e.Kind {
	case Connected:
		return name + " connected"
	case Lost:
		return with(name+" lost its connection", e.Text)
	case ConnectFailed:
		return with(name+" cannot be reached", e.Text)
	case Usable:
		return name + " is usable again"
	case Unusable:
		return with(name+" gets no picks", e.Text)
	case Folded:
		return name + " is above the limit and counted as “other”"
	}
	return e.targetWords()
}

// targetWords says what happened to the target rather than to a backend.
func (e *Event) targetWords() string {
	switch e.Kind {
	case ResolverUpdate:
		return e.updateWords()
	case ResolverError:
		return with("the resolver failed", e.Text)
	case UpdateRejected:
		return with("the policy rejected the resolver's update", e.Text)
	case InstanceBuilt:
		return with("a channel got a policy instance", e.Text)
	case InstanceClosed:
		return with("a channel closed its policy instance", e.Text)
	case InstanceState:
		return "the channel became " + visible(cut(e.Text, maxShort))
	}
	return with(string(e.Kind), e.Text)
}

// first returns when the first of the events that this one stands for happened.
func (e *Event) first() time.Time {
	if e.First.IsZero() {
		return e.At
	}
	return e.First
}

// updateWords says which endpoints came and went.
func (e *Event) updateWords() string {
	s := "the resolver sent " + count(e.Endpoints, "endpoint")
	if e.AddedCount > 0 {
		s += "; new: " + list(e.Added, e.AddedCount)
	}
	if e.RemovedCount > 0 {
		s += "; gone: " + list(e.Removed, e.RemovedCount)
	}
	return s
}

// maxListed is how many endpoints the words of an update name.
const maxListed = 3

// list names the first few of n endpoints.
func list(names []string, n int) string {
	shown := make([]string, 0, maxListed)
	for _, name := range names[:min(len(names), maxListed)] {
		shown = append(shown, visible(cut(name, maxShort)))
	}
	switch more := n - len(shown); {
	case len(shown) == 0:
		return grouped(n)
	case more > 0:
		return fmt.Sprintf("%s and %s more", strings.Join(shown, ", "), grouped(more))
	}
	return strings.Join(shown, ", ")
}

// with adds a text from outside, if there is one.
func with(what, text string) string {
	if text == "" {
		return what
	}
	return what + ": " + visible(cut(text, maxError))
}
