package diagnosis

import (
	"fmt"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// sayErrors says how many RPC attempts fail, and on which backends.
func (s *Sentence) sayErrors(t *Report) {
	w, g := t.Recent.Settled(), &t.groups[Erring]
	how, all := Warn, wording.Percent(w.Failing())
	if FailsOften(w) {
		how = Bad
	}
	switch {
	case g.n == 0 && how == Bad:
		s.say(how, "%s errors", all)
	case g.n == 0:
	case g.n == 1:
		b := g.worst[0]
		s.say(how, "%s errors from %s", wording.Percent(failing(b.Backend)), wording.Name(b.Name))
	case g.n <= len(g.worst) && g.n < t.Usable:
		a, b := g.worst[0], g.worst[1]
		s.say(how, "errors from %s (%s) and %s (%s)", wording.Name(a.Name), wording.Percent(failing(a.Backend)), wording.Name(b.Name), wording.Percent(failing(b.Backend)))
	case g.n == t.Usable:
		s.say(how, "%s errors, from all that are usable", all)
	default:
		b := g.worst[0]
		s.say(how, "errors from %s, most from %s (%s)", t.of(g.n), wording.Name(b.Name), wording.Percent(failing(b.Backend)))
	}
}

// failing returns the backend's error rate.
func failing(b *livestatus.Backend) float64 { return b.Settled().Failing() }

// saySlow says which backends take much longer than the others.
func (s *Sentence) saySlow(t *Report) {
	g := &t.groups[Slow]
	if g.n == 0 {
		return
	}
	worst := g.worst[0]
	l, about := worst.Settled().Latency, ""
	if l.Estimated {
		about = "about "
	}
	others := wording.Latency(t.peers.median)
	if below := t.peers.below; below > 0 {
		others = "less than " + wording.Latency(below)
	}
	took := fmt.Sprintf("takes %s%s on average, the others %s", about, wording.Latency(l.Mean), others)
	if g.n == 1 {
		s.say(Warn, "%s is slow: it %s", wording.Name(worst.Name), took)
		return
	}
	s.say(Warn, "%s are slow: %s %s", t.of(g.n), wording.Name(worst.Name), took)
}

// sayUneven says which usable backends get far fewer or far more picks than others.
func (s *Sentence) sayUneven(t *Report) {
	if g := &t.groups[Starved]; g.n > 0 {
		few := "hardly any"
		if g.n == 1 && g.worst[0].score == 0 {
			few = "no"
		}
		s.say(Warn, "%s %s %s picks though usable%s", t.of(g.n), wording.Verb(g.n, "gets", "get"), few, g.names(t))
	}
	if g := &t.groups[Crowded]; g.n > 0 {
		worst := g.worst[0]
		rate, _ := t.peers.rateOf(worst.Backend, t.now)
		s.say(Warn, "%s gets %.1f times its equal share", wording.Name(worst.Name), rate/t.peers.mean)
	}
}

// sayWell says that nothing is wrong: how many are usable, how even their shares
// are, and how many errors there are.
func (s *Sentence) sayWell(t *Report) {
	switch n := t.Present(); {
	case t.Usable == n && n == 1:
		s.say(Fine, "1 backend, usable")
	case t.Usable == n && n == 2:
		s.say(Fine, "both usable")
	case t.Usable == n:
		s.say(Fine, "all %s usable", wording.Grouped(n))
	case t.Usable == 0:
		s.say(Still, "idle: nothing has asked for a connection")
		return
	default:
		s.say(Fine, "%s of %s usable", wording.Grouped(t.Usable), wording.Grouped(n))
		if g := t.groups[Idle].n; g > 0 {
			s.Parts[0] += fmt.Sprintf(", %s idle", wording.Grouped(g))
		}
	}
	s.Parts[0] += t.evenWords() + t.errorWords()
}

// fairlyEven is the highest imbalance that counts as even.
const fairlyEven = 1.25

// evenWords says whether shares are even, if there are enough picks to tell.
func (t *Report) evenWords() string {
	span := t.Recent.Long.Span
	if !t.peers.long {
		span = t.Recent.Short.Span
	}
	switch imbalance := t.peers.imbalance(); {
	case !t.peers.enough(&livestatus.Window{Span: span}):
		return ""
	case imbalance <= fairlyEven:
		return ", even"
	default:
		return fmt.Sprintf(", imbalance %.2f", imbalance)
	}
}

// errorWords says how many RPC attempts failed, if any ended.
func (t *Report) errorWords() string {
	w := &t.Recent.Long
	if !w.Known() {
		w = &t.Recent.Short
	}
	switch {
	case !w.Known():
		return ""
	case w.Failed > 0:
		return fmt.Sprintf(", %s errors", wording.Percent(w.Failing()))
	case w.Ended > 0:
		return ", no errors"
	case w.Picks == 0:
		if w.Span < 5*time.Second {
			return ", no RPCs now" // as far as is known
		}
		return ", no RPCs for " + wording.Duration(w.Span)
	}
	return ""
}
