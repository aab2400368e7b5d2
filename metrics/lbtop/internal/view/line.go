package view

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Style is how a text looks. It says nothing that the text does not say too.
type Style int

// The styles.
const (
	Normal Style = iota
	Strong
	Faint
	Alarm
	Warning
	Chosen
	styles
)

var escapes = [styles]ansi.Style{
	Strong:  ansi.Style{}.Bold(),
	Faint:   ansi.Style{}.Faint(),
	Alarm:   ansi.Style{}.Bold().ForegroundColor(ansi.Red),
	Warning: ansi.Style{}.ForegroundColor(ansi.Yellow),
	Chosen:  ansi.Style{}.Reverse(true),
}

// Span is a text in one style.
type Span struct {
	Text  string
	Style Style
}

// Line is a line of the screen.
type Line []Span

func plain(s string) Line { return Line{{Text: s}} }

// Plain returns the text of the line, without spaces at its end.
func (l Line) Plain() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(visible(s.Text))
	}
	return strings.TrimRight(b.String(), " ")
}

// Styled returns the line with the escape sequences of its styles.
func (l Line) Styled() string {
	var b strings.Builder
	for _, s := range l {
		if text := visible(s.Text); s.Style == Normal {
			b.WriteString(text)
		} else {
			b.WriteString(escapes[s.Style].Styled(text))
		}
	}
	return b.String()
}

// cut returns the line, or as much of it as has the width, with an ellipsis.
func (l Line) cut(width int) Line {
	left := width
	for i, s := range l {
		text := visible(s.Text)
		w := ansi.StringWidth(text)
		if w > left || w == left && i < len(l)-1 && !blank(l[i+1:]) {
			short := append(Line(nil), l[:i]...)
			return append(short, Span{ansi.Truncate(text+" ", left, "…"), s.Style})
		}
		left -= w
	}
	return l
}

func blank(l Line) bool { return l.Plain() == "" }

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

// fit returns s with spaces, or cut, so that it has the width.
func fit(s string, width int, right bool) string {
	s = visible(s)
	w := ansi.StringWidth(s)
	if w > width {
		s = ansi.Truncate(s, width, "…")
		w = ansi.StringWidth(s)
	}
	space := strings.Repeat(" ", max(width-w, 0))
	if right {
		return space + s
	}
	return s + space
}
