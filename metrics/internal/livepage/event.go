package livepage

import (
	"fmt"
	"strings"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// eventWords says in words what happened, without when.
func eventWords(e *livestatus.Event) string {
	name := wording.Name(e.Backend)
	switch e.Kind {
	case livestatus.Connected:
		return name + " connected"
	case livestatus.Lost:
		return with(name+" lost its connection", e.Text)
	case livestatus.ConnectFailed:
		return with(name+" cannot be reached", e.Text)
	case livestatus.Usable:
		return name + " is usable again"
	case livestatus.Unusable:
		return with(name+" gets no picks", e.Text)
	case livestatus.Folded:
		return name + " is above the limit and counted as “other”"
	}
	return targetWords(e)
}

// targetWords says what happened to the target rather than to a backend.
func targetWords(e *livestatus.Event) string {
	switch e.Kind {
	case livestatus.ResolverUpdate:
		return updateWords(e)
	case livestatus.ResolverError:
		return with("the resolver failed", e.Text)
	case livestatus.UpdateRejected:
		return with("the policy rejected the resolver's update", e.Text)
	case livestatus.InstanceBuilt:
		return with("a channel got a policy instance", e.Text)
	case livestatus.InstanceClosed:
		return with("a channel closed its policy instance", e.Text)
	case livestatus.InstanceState:
		return "the channel became " + wording.Visible(wording.Cut(e.Text, wording.MaxName))
	}
	return with(string(e.Kind), e.Text)
}

// updateWords says which endpoints came and went.
func updateWords(e *livestatus.Event) string {
	s := "the resolver sent " + wording.Count(e.Endpoints, "endpoint")
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
		shown = append(shown, wording.Visible(wording.Cut(name, wording.MaxName)))
	}
	switch more := n - len(shown); {
	case len(shown) == 0:
		return wording.Grouped(n)
	case more > 0:
		return fmt.Sprintf("%s and %s more", strings.Join(shown, ", "), wording.Grouped(more))
	}
	return strings.Join(shown, ", ")
}

// with adds a text from outside, if there is one.
func with(what, text string) string {
	if text == "" {
		return what
	}
	return what + ": " + wording.Visible(wording.Cut(text, maxError))
}
