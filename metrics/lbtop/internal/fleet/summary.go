package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// named is how many backends a sentence names.
const named = 2

// Failing is the share of failed RPCs from which on they are worth a word, as on the
// page.
const Failing = 0.05

// saying is what the page of one client says of a target.
type saying struct{ client, severity, summary string }

// summarize says in words what is wrong with the target. One client speaks for
// itself.
func summarize(t *Target, said []saying, now time.Time) string {
	if len(said) == 1 && said[0].summary != "" {
		return said[0].summary
	}
	if parts := faults(t, now); len(parts) > 0 {
		return strings.Join(parts, "; ")
	}
	return quote(t, said)
}

// quote returns what the worst page says if its fault is not one of the backends, as
// of the resolver, or if there are none. Otherwise it says that nothing is wrong.
func quote(t *Target, said []saying) string {
	severities := []string{"bad", "warn", "ok", "idle"}
	worst := slices.MinFunc(said, func(a, b saying) int {
		return cmp.Compare(uint(slices.Index(severities, a.severity)), uint(slices.Index(severities, b.severity)))
	})
	present := slices.ContainsFunc(t.Backends, func(b Backend) bool { return b.Clients() > 0 })
	wrong := t.Bad + t.Warned
	switch {
	case wrong == 1:
		return worst.client + ": " + worst.summary
	case wrong > 1:
		return fmt.Sprintf("%s: %s, and %d more %s", worst.client, worst.summary, wrong-1, plural(wrong-1, "client"))
	case present:
		return well(t)
	case worst.summary != "":
		return worst.summary
	}
	return "no backends"
}

// faults says what is wrong with the backends of the target.
func faults(t *Target, now time.Time) []string {
	var groups [conditions][]*Backend // by the worst that a client sees
	var errs *Backend                 // the one with most errors
	present := 0
	for i := range t.Backends {
		b := &t.Backends[i]
		groups[b.Worst()] = append(groups[b.Worst()], b)
		if b.Clients() > 0 {
			present++
		}
		if b.Seen[Erring] > 0 && (errs == nil || b.Errors > errs.Errors) {
			errs = b
		}
	}
	var parts []string
	if t.Without > 0 {
		parts = append(parts, ofClients(t.Without, t.Clients)+" can use no backend")
	}
	for _, c := range []Condition{Down, Unusable} {
		if g := groups[c]; len(g) > 0 {
			parts = append(parts, count(g, present, c, now))
		}
	}
	if errs != nil {
		parts = append(parts, errorsFrom(errs))
	}
	for _, c := range []Condition{Slow, Starved, Crowded} {
		if g := groups[c]; len(g) > 0 {
			parts = append(parts, count(g, present, c, now))
		}
	}
	return parts
}

// errorsFrom says that RPCs on the backend fail. Its page may say so by another
// window, so there may be none in this one.
func errorsFrom(b *Backend) string {
	s := fmt.Sprintf("errors from %s (%s)", b.Name, ofClients(b.Seen[Erring], b.Clients()))
	if ratio, _ := b.ErrorRatio(); ratio > 0 {
		return fmt.Sprintf("%.0f %% %s", ratio*100, s)
	}
	return s
}

// well says that nothing is wrong.
func well(t *Target) string {
	usable, present := 0, 0
	for i := range t.Backends {
		if t.Backends[i].Clients() > 0 {
			present++
		}
		if t.Backends[i].Usable > 0 {
			usable++
		}
	}
	return fmt.Sprintf("%d of %d %s usable", usable, present, plural(present, "backend"))
}

// count tells how many of all backends are in the condition, and names some, each
// with the number of clients that see it so.
func count(backends []*Backend, all int, c Condition, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d %s %v", len(backends), all, plural(all, "backend"), c)
	if c == Down {
		b.WriteString(since(backends, now))
	}
	for i, backend := range backends {
		if i == named {
			fmt.Fprintf(&b, " and %d more", len(backends)-named)
			break
		}
		note := ofClients(backend.Seen[c], backend.Clients())
		if c == Unusable && backend.Reason != "" {
			note = backend.Reason + ", " + note
		}
		fmt.Fprintf(&b, "%s %s (%s)", [named]string{":", ","}[i], backend.Name, note)
	}
	return b.String()
}

// since tells for how long the first of the backends has been down.
func since(backends []*Backend, now time.Time) string {
	var first time.Time
	for _, b := range backends {
		if !b.DownSince.IsZero() && (first.IsZero() || b.DownSince.Before(first)) {
			first = b.DownSince
		}
	}
	if first.IsZero() {
		return ""
	}
	return " for " + Elapsed(now.Sub(first))
}

func ofClients(n, all int) string { return fmt.Sprintf("%d of %d %s", n, all, plural(all, "client")) }

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// Elapsed formats a duration with its two largest units, as the page does.
func Elapsed(d time.Duration) string {
	s := max(int64(d/time.Second), 0)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 60*60:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 24*60*60:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
}
