package livepage

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// How much of a text from outside is shown, in runes.
const (
	maxShort = 64   // of a name
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
	short := cut(s, limit)
	if short == s {
		return text{Short: visible(s)}
	}
	return text{Short: visible(short), Whole: visible(cut(s, maxWhole))}
}

// cut returns s, or its first runes and an ellipsis if s has more.
func cut(s string, runes int) string {
	if len(s) <= runes {
		return s
	}
	n := 0
	for i := range s {
		if n++; n > runes {
			return s[:i] + "…"
		}
	}
	return s
}

// visible escapes invisible characters and those that reorder the text: control
// characters, unusual spaces, U+202E and the like.
func visible(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	hidden := func(r rune) bool { return !strconv.IsPrint(r) }
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// moment is a point in time, which the page shows as its age.
type moment struct {
	Ago      string
	Absolute string // UTC
	Machine  string // RFC 3339
}

// newMoment returns nil for the zero time.
func newMoment(at, now time.Time) *moment {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &moment{Ago: elapsed(now.Sub(at)), Absolute: at.Format("2006-01-02 15:04:05 UTC"), Machine: at.Format(time.RFC3339)}
}

// elapsed formats a duration with its two largest units.
func elapsed(d time.Duration) string {
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

// grouped formats a number with commas between groups of three digits.
func grouped[N int | int64 | uint64](n N) string {
	s := fmt.Sprint(n)
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 && s[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// percent formats a share with enough digits to distinguish small ones.
func percent(share float64) string {
	switch p := share * 100; {
	case p == 0:
		return "0 %"
	case p < 0.001:
		return "< 0.001 %"
	case p < 0.1:
		return fmt.Sprintf("%.3f %%", p)
	case p < 1:
		return fmt.Sprintf("%.2f %%", p)
	default:
		return fmt.Sprintf("%.1f %%", p)
	}
}

// trimZero drops a decimal that says nothing: "9.0" is "9".
func trimZero(s string) string { return strings.TrimSuffix(s, ".0") }
