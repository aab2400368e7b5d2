package fleet

import (
	"fmt"
	"strings"
	"time"
)

// named is how many backends a sentence names.
const named = 2

// Failing is the share of failed RPCs from which on they are worth a word, as on the
// page.
const Failing = 0.05

// summarize says in words what is wrong with the target.
func summarize(t *Target, now time.Time) string {
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
		ratio, _ := errs.ErrorRatio()
		parts = append(parts, fmt.Sprintf("%.0f %% errors from %s (%s)", ratio*100, errs.Name, ofClients(errs.Seen[Erring], errs.Clients())))
	}
	for _, c := range []Condition{Slow, Starved, Crowded} {
		if g := groups[c]; len(g) > 0 {
			parts = append(parts, count(g, present, c, now))
		}
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, "; ")
	case present == 0:
		return "no backends"
	}
	return well(t, present)
}

// well says that nothing is wrong.
func well(t *Target, present int) string {
	usable := 0
	for i := range t.Backends {
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
