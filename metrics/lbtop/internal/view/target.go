package view

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
)

// chosenTarget returns the lines of the target whose backends are shown: its name
// and traffic, and its sentence in at most the given number of lines.
func chosenTarget(t *fleet.Target, width, sentence int) []Line {
	lines := []Line{{{"> " + t.Target, Strong}, {Text: " " + t.Policy + "  "}, {Text: traffic(t), Style: Faint}}}
	for i, text := range wrap(t.Summary, width-2) {
		if i == sentence {
			last := lines[len(lines)-1]
			last[0].Text += " " + text // too long, so it is cut
			break
		}
		lines = append(lines, Line{{"  " + text, summaryStyle(t)}})
	}
	return lines
}

// otherTarget returns the line of a target whose backends are not shown.
func otherTarget(t *fleet.Target) Line {
	return Line{
		{Text: "  " + t.Target + " " + t.Policy + "  "}, {Text: t.Summary, Style: summaryStyle(t)},
		{Text: "  " + traffic(t), Style: Faint},
	}
}

func traffic(t *fleet.Target) string {
	s := fmt.Sprintf("%s RPS, %s errors", rate(t.Known, t.RPS), errorsOf(&t.Traffic))
	if t.Waiting > 0 {
		s += fmt.Sprintf(", %s waiting", grouped(t.Waiting))
	}
	return "[" + s + "]"
}

func summaryStyle(t *fleet.Target) Style {
	if t.Without > 0 || t.Bad > 0 || t.Severity() > 0 {
		return Alarm
	}
	if t.Warned > 0 {
		return Warning
	}
	return Normal
}

// wrap breaks the text into lines between its words; 0 means no limit.
func wrap(s string, width int) []string {
	s = visible(s)
	if width > 0 {
		s = ansi.Wordwrap(s, width, "")
	}
	return strings.Split(s, "\n")
}
