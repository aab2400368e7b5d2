package diagnosis

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// Severity says how urgent a target is.
type Severity uint8

// The severities, the worst first.
const (
	Bad   Severity = iota // RPCs fail
	Warn                  // something is wrong, but most RPCs work
	Fine                  // all is well
	Still                 // nothing happens
)

var severityNames = [...]string{"bad", "warn", "ok", "idle"}

// String returns the name of the severity in JSON, which is also its style class.
func (s Severity) String() string { return severityNames[s] }

// Sentence says in words what is wrong with a target, or that nothing is.
type Sentence struct {
	Severity Severity
	Parts    []string
}

// String returns the whole sentence.
func (s *Sentence) String() string { return strings.Join(s.Parts, "; ") }

// say adds a part. The worst part decides the severity.
func (s *Sentence) say(how Severity, format string, args ...any) {
	if len(s.Parts) == 0 || how < s.Severity {
		s.Severity = how
	}
	s.Parts = append(s.Parts, fmt.Sprintf(format, args...))
}

// Sentence summarizes the target: first what cannot be reached, then what answers
// badly, then what is spread badly.
func (t *Report) Sentence() *Sentence {
	s := &Sentence{}
	switch {
	case len(t.Instances) == 0 && t.Present() == 0:
		s.say(Still, "closed: no channel uses it now")
		return s
	case t.Present() == 0:
		s.sayNoBackend(t)
		return s
	}
	s.sayUnreached(t)
	s.sayErrors(t)
	s.saySlow(t)
	s.sayUneven(t)
	if since, n := t.resolverFails(); n > 0 {
		s.say(Warn, "the resolver has been failing for %s", wording.Duration(t.now.Sub(since)))
	}
	if t.Waiting > 0 && t.Usable == 0 {
		s.say(Bad, "%s %s for a backend", wording.Count(int(t.Waiting), "RPC"), wording.Verb(int(t.Waiting), "waits", "wait"))
	}
	if len(s.Parts) == 0 {
		s.sayWell(t)
	}
	return s
}

// sayNoBackend says why a target with a channel has no backend.
func (s *Sentence) sayNoBackend(t *Report) {
	switch since, n := t.resolverFails(); {
	case n > 0:
		s.say(Bad, "no backend: the resolver has been failing for %s", wording.Duration(t.now.Sub(since)))
	case t.inState(connectivity.TransientFailure):
		s.say(Bad, "no backend")
	case t.inState(connectivity.Connecting):
		s.say(Warn, "no backend yet: the channel is connecting")
	default:
		s.say(Still, "idle: nothing has asked for a connection")
	}
}

// inState reports whether a channel is in the state.
func (t *Report) inState(state connectivity.State) bool {
	for _, i := range t.Instances {
		if i.State == state {
			return true
		}
	}
	return false
}

// resolverFails returns how often the resolver has failed since its last update,
// and since when. Only the events that are still remembered count.
func (t *Report) resolverFails() (since time.Time, n int) {
	for _, e := range t.Events {
		switch e.Kind {
		case livestatus.ResolverUpdate:
			return since, n
		case livestatus.ResolverError:
			since, n = e.FirstAt(), n+max(e.N, 1)
		}
	}
	return since, n
}

// sayUnreached says which backends get no picks, and why.
func (s *Sentence) sayUnreached(t *Report) {
	how := Warn
	if t.Usable == 0 {
		how = Bad
		if t.groups[Down].n+t.groups[Unusable].n > 0 && t.groups[Down].n != t.Present() && t.groups[Unusable].n != t.Present() {
			s.say(Bad, "nothing is usable")
		}
	}
	if g := &t.groups[Down]; g.n > 0 {
		s.say(how, "%s down for %s%s", t.of(g.n), g.age(t.now), g.names(t))
	}
	if g := &t.groups[Unusable]; g.n > 0 {
		s.say(how, "%s %s for %s%s", t.of(g.n), strings.Join(g.reasons, " or "), g.age(t.now), g.names(t))
	}
	if g := &t.groups[Unreached]; g.n > 0 {
		switch long := t.now.Sub(g.oldest) >= longConnecting; {
		case long:
			s.say(Warn, "%s connecting for %s%s", t.of(g.n), g.age(t.now), g.names(t))
		case t.Usable == 0:
			s.say(Still, "%s connecting", t.of(g.n))
		}
	}
}

// longConnecting is how long a first connection attempt may take without a word.
const longConnecting = 3 * time.Second

// of returns n of all backends in words, such as "2 of 200 backends".
func (t *Report) of(n int) string {
	all := t.Present()
	if n < all {
		return fmt.Sprintf("%s of %s", wording.Grouped(n), wording.Count(all, "backend"))
	}
	switch all {
	case 1:
		return "the only backend"
	case 2:
		return "both backends"
	}
	return "all " + wording.Count(all, "backend")
}

// age returns how long the backends of the group have been in their condition.
func (g *group) age(now time.Time) string {
	oldest, newest := wording.Duration(now.Sub(g.oldest)), wording.Duration(now.Sub(g.newest))
	if oldest == newest {
		return oldest
	}
	return newest + " to " + oldest
}

// names returns the names of the backends in parentheses, or "" if these are many, or
// all of the target.
func (g *group) names(t *Report) string {
	if g.n > len(g.worst) || g.n == t.Present() {
		return ""
	}
	names := make([]string, 0, maxWorst)
	for _, b := range g.worst {
		names = append(names, wording.Name(b.Name))
	}
	return " (" + strings.Join(names, ", ") + ")"
}
