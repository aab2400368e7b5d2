package livepage

import (
	"html/template"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// How much of a text from outside is shown, in runes.
const (
	maxError = 200  // of an error
	maxWhole = 4096 // where the user asks for all of it; JSON has the rest
)

// text is a text from a server, a resolver or a user, ready to be shown. It is not
// escaped for HTML yet.
type text struct {
	Short string
	Whole string // "" if Short is all of it
}

func newText(s string, limit int) text {
	short := wording.Cut(s, limit)
	if short == s {
		return text{Short: wording.Visible(s)}
	}
	return text{Short: wording.Visible(short), Whole: wording.Visible(wording.Cut(s, maxWhole))}
}

// moment is an element that shows a point in time as its age; "" for none. It has no
// text from outside.
type moment = template.HTML

// newMoment returns "" for the zero time.
func newMoment(at, now time.Time) moment {
	c := newClock(at)
	if c == nil {
		return ""
	}
	return moment(`<time datetime="` + c.Machine + `" title="` + c.Absolute + `">` + wording.Elapsed(now.Sub(at)) + `</time>`)
}

// clock is a point in time in UTC.
type clock struct {
	Absolute string
	Machine  string // RFC 3339
}

// newClock returns nil for the zero time.
func newClock(at time.Time) *clock {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &clock{Absolute: at.Format("2006-01-02 15:04:05 UTC"), Machine: at.Format(time.RFC3339)}
}
