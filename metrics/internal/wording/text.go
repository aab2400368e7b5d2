package wording

import (
	"strconv"
	"strings"
)

// MaxName is how much of a name is shown, in runes.
const MaxName = 64

// Name returns the name of a backend, ready to be shown.
func Name(s string) string {
	if s == "" {
		return "(no name)"
	}
	return Visible(Cut(s, MaxName))
}

// Cut returns s, or its first runes and an ellipsis if s has more.
func Cut(s string, runes int) string {
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

// Visible escapes invisible characters and those that reorder the text: control
// characters, unusual spaces, U+202E and the like.
func Visible(s string) string {
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
