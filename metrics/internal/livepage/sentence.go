package livepage

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/connectivity"
)

// severity says how urgent a target is.
type severity uint8

const (
	bad   severity = iota // RPCs fail
	warn                  // something is wrong, but most RPCs work
	fine                  // all is well
	still                 // nothing happens
)

var severityNames = [...]string{"bad", "warn", "ok", "idle"}

// String returns the name of the severity in JSON, which is also its style class.
func (s severity) String() string { return severityNames[s] }

// sentence says in words what is wrong with a target, or that nothing is.
type sentence struct {
	severity severity
	parts    []string
}

// String returns the whole sentence.
func (s *sentence) String() string { return strings.Join(s.parts, "; ") }

// say adds a part. The worst part decides the severity.
func (s *sentence) say(how severity, format string, args ...any) {
	if len(s.parts) == 0 || how < s.severity {
		s.severity = how
	}
	s.parts = append(s.parts, fmt.Sprintf(format, args...))
}

// newSentence summarizes a target: first what cannot be reached, then what answers
// badly, then what is spread badly.
func newSentence(t *targetStatus) *sentence {
	s := &sentence{}
	switch {
	case len(t.Instances) == 0 && t.present() == 0:
		s.say(still, "closed: no channel uses it now")
		return s
	case t.present() == 0:
		s.sayNoBackend(t)
		return s
	}
	s.sayUnreached(t)
	s.sayErrors(t)
	s.saySlow(t)
	s.sayUneven(t)
	if since, n := t.resolverFails(); n > 0 {
		s.say(warn, "the resolver has been failing for %s", words(t.now.Sub(since)))
	}
	if t.Waiting > 0 && t.usable == 0 {
		s.say(bad, "%s %s for a backend", count(int(t.Waiting), "RPC"), verb(int(t.Waiting), "waits", "wait"))
	}
	if len(s.parts) == 0 {
		s.sayWell(t)
	}
	return s
}

// sayNoBackend says why a target with a channel has no backend.
func (s *sentence) sayNoBackend(t *targetStatus) {
	switch since, n := t.resolverFails(); {
	case n > 0:
		s.say(bad, "no backend: the resolver has been failing for %s", words(t.now.Sub(since)))
	case t.inState(connectivity.TransientFailure):
		s.say(bad, "no backend")
	case t.inState(connectivity.Connecting):
		s.say(warn, "no backend yet: the channel is connecting")
	default:
		s.say(still, "idle: nothing has asked for a connection")
	}
}

// inState reports whether a channel is in the state.
func (t *targetStatus) inState(state connectivity.State) bool {
	for _, i := range t.Instances {
		if i.State == state {
			return true
		}
	}
	return false
}

// resolverFails returns how often the resolver has failed since its last update,
// and since when. Only the events that are still remembered count.
func (t *targetStatus) resolverFails() (since time.Time, n int) {
	for _, e := range t.Events {
		switch e.Kind {
		case ResolverUpdate:
			return since, n
		case ResolverError:
			since, n = e.first(), n+max(e.N, 1)
		}
	}
	return since, n
}

// sayUnreached says which backends get no picks, and why.
func (s *sentence) sayUnreached(t *targetStatus) {
	how := warn
	if t.usable == 0 {
		how = bad
		if t.groups[down].n+t.groups[unusable].n > 0 && t.groups[down].n != t.present() && t.groups[unusable].n != t.present() {
			s.say(bad, "nothing is usable")
		}
	}
	if g := &t.groups[down]; g.n > 0 {
		s.say(how, "%s down for %s%s", t.of(g.n), g.age(t.now), g.names(t))
	}
	if g := &t.groups[unusable]; g.n > 0 {
		s.say(how, "%s %s for %s%s", t.of(g.n), strings.Join(g.reasons, " or "), g.age(t.now), g.names(t))
	}
	if g := &t.groups[unreached]; g.n > 0 {
		switch long := t.now.Sub(g.oldest) >= longConnecting; {
		case long:
			s.say(warn, "%s connecting for %s%s", t.of(g.n), g.age(t.now), g.names(t))
		case t.usable == 0:
			s.say(still, "%s connecting", t.of(g.n))
		}
	}
}

// longConnecting is how long a first connection attempt may take without a word.
const longConnecting = 3 * time.Second

// of returns n of all backends in words, such as "2 of 200 backends".
func (t *targetStatus) of(n int) string {
	all := t.present()
	if n < all {
		return fmt.Sprintf("%s of %s", grouped(n), count(all, "backend"))
	}
	switch all {
	case 1:
		return "the only backend"
	case 2:
		return "both backends"
	}
	return "all " + count(all, "backend")
}

// age returns how long the backends of the group have been in their condition.
func (g *group) age(now time.Time) string {
	oldest, newest := words(now.Sub(g.oldest)), words(now.Sub(g.newest))
	if oldest == newest {
		return oldest
	}
	return newest + " to " + oldest
}

// names returns the names of the backends in parentheses, or "" if these are many, or
// all of the target.
func (g *group) names(t *targetStatus) string {
	if g.n > len(g.worst) || g.n == t.present() {
		return ""
	}
	names := make([]string, 0, maxWorst)
	for _, b := range g.worst {
		names = append(names, b.shortName())
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// shortName returns the name of the backend for a sentence.
func (b *Backend) shortName() string {
	if b.Name == "" {
		return "(no name)"
	}
	return visible(cut(b.Name, maxShort))
}
