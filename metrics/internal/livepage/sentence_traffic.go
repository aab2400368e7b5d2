package livepage

import (
	"fmt"
	"time"
)

// sayErrors says how many RPC attempts fail, and on which backends.
func (s *sentence) sayErrors(t *targetStatus) {
	w, g := t.Recent.settled(), &t.groups[erring]
	how, all := warn, percentWords(w.failing())
	if w.failsOften() {
		how = bad
	}
	switch {
	case g.n == 0 && how == bad:
		s.say(how, "%s errors", all)
	case g.n == 0:
	case g.n == 1:
		b := g.worst[0]
		s.say(how, "%s errors from %s", percentWords(b.failing()), b.shortName())
	case g.n <= len(g.worst) && g.n < t.usable:
		a, b := g.worst[0], g.worst[1]
		s.say(how, "errors from %s (%s) and %s (%s)", a.shortName(), percentWords(a.failing()), b.shortName(), percentWords(b.failing()))
	case g.n == t.usable:
		s.say(how, "%s errors, from all that are usable", all)
	default:
		b := g.worst[0]
		s.say(how, "errors from %s, most from %s (%s)", t.of(g.n), b.shortName(), percentWords(b.failing()))
	}
}

// failing returns the backend's error rate.
func (b *Backend) failing() float64 { return b.settled().failing() }

// saySlow says which backends take much longer than the others.
func (s *sentence) saySlow(t *targetStatus) {
	g := &t.groups[slow]
	if g.n == 0 {
		return
	}
	worst := g.worst[0]
	l, about := worst.settled().Latency, ""
	if l.Estimated {
		about = "about "
	}
	took := fmt.Sprintf("takes %s%s on average, the others %s", about, latencyWords(l.Mean), latencyWords(t.peers.median))
	if g.n == 1 {
		s.say(warn, "%s is slow: it %s", worst.shortName(), took)
		return
	}
	s.say(warn, "%s are slow: %s %s", t.of(g.n), worst.shortName(), took)
}

// sayUneven says which usable backends get far fewer or far more picks than others.
func (s *sentence) sayUneven(t *targetStatus) {
	if g := &t.groups[starved]; g.n > 0 {
		few := "hardly any"
		if g.n == 1 && g.worst[0].score == 0 {
			few = "no"
		}
		s.say(warn, "%s %s %s picks though usable%s", t.of(g.n), verb(g.n, "gets", "get"), few, g.names(t))
	}
	if g := &t.groups[crowded]; g.n > 0 {
		worst := g.worst[0]
		rate, _ := t.peers.rateOf(worst.Backend, t.now)
		s.say(warn, "%s gets %.1f times its equal share", worst.shortName(), rate/t.peers.mean)
	}
}

// sayWell says that nothing is wrong: how many are usable, how even their shares
// are, and how many errors there are.
func (s *sentence) sayWell(t *targetStatus) {
	switch n := t.present(); {
	case t.usable == n && n == 1:
		s.say(fine, "1 backend, usable")
	case t.usable == n && n == 2:
		s.say(fine, "both usable")
	case t.usable == n:
		s.say(fine, "all %s usable", grouped(n))
	case t.usable == 0:
		s.say(still, "idle: nothing has asked for a connection")
		return
	default:
		s.say(fine, "%s of %s usable", grouped(t.usable), grouped(n))
		if g := t.groups[idle].n; g > 0 {
			s.parts[0] += fmt.Sprintf(", %s idle", grouped(g))
		}
	}
	s.parts[0] += t.evenWords() + t.errorWords()
}

// fairlyEven is the highest imbalance that counts as even.
const fairlyEven = 1.25

// evenWords says whether shares are even, if there are enough picks to tell.
func (t *targetStatus) evenWords() string {
	span := t.Recent.Long.Span
	if !t.peers.long {
		span = t.Recent.Short.Span
	}
	switch imbalance := t.peers.imbalance(); {
	case !t.peers.enough(&Window{Span: span}):
		return ""
	case imbalance <= fairlyEven:
		return ", even"
	default:
		return fmt.Sprintf(", imbalance %.2f", imbalance)
	}
}

// errorWords says how many RPC attempts failed, if any ended.
func (t *targetStatus) errorWords() string {
	w := &t.Recent.Long
	if !w.known() {
		w = &t.Recent.Short
	}
	switch {
	case !w.known():
		return ""
	case w.Failed > 0:
		return fmt.Sprintf(", %s errors", percentWords(w.failing()))
	case w.Ended > 0:
		return ", no errors"
	case w.Picks == 0:
		if w.Span < 5*time.Second {
			return ", no RPCs now" // as far as is known
		}
		return ", no RPCs for " + words(w.Span)
	}
	return ""
}

// words formats a duration for a sentence, in one unit.
func words(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(d/time.Second, 0))
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// percentWords formats a share for a sentence.
func percentWords(share float64) string {
	switch p := share * 100; {
	case p == 0:
		return "0 %"
	case p < 0.1:
		return "< 0.1 %"
	case p < 10 || p > 99.5 && p < 100:
		return trimZero(fmt.Sprintf("%.1f", p)) + " %"
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// latencyWords formats a latency with two or three digits.
func latencyWords(d time.Duration) string {
	switch ms := float64(d) / 1e6; {
	case d == 0:
		return "0 ms"
	case ms < 1:
		return fmt.Sprintf("%.0f µs", ms*1000)
	case ms < 10:
		return trimZero(fmt.Sprintf("%.1f", ms)) + " ms"
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	case ms < 10_000:
		return trimZero(fmt.Sprintf("%.1f", ms/1000)) + " s"
	default:
		return fmt.Sprintf("%.0f s", ms/1000)
	}
}

// count returns a number with its noun.
func count(n int, noun string) string { return grouped(n) + " " + plural(n, noun) }

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
