package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
)

var clientColumns = []column{
	{head: "CLIENT", limit: nameLimit},
	{head: "STATE"},
	{head: "TARGETS", right: true},
	{head: "RPS", right: true},
	{head: "ERRORS", right: true},
	{head: "CANNOT USE"},
}

// clientRow returns the cells of a client.
func clientRow(c *fleet.Client, now time.Time) []Span {
	if c.State != fleet.Answers {
		text, style := clientState(c, now)
		return []Span{{Text: c.Name, Style: style}, {Text: text, Style: style}, {Text: none}, {Text: none}, {Text: none}, {Text: why(c)}}
	}
	bad := Span{Text: none}
	if len(c.Bad) > 0 {
		bad = Span{badList(c.Bad, now), Alarm}
	}
	return []Span{
		{Text: c.Name}, {Text: "answers"}, {Text: grouped(int64(c.Targets))},
		{Text: rate(c.Known, c.RPS)}, {Text: errorsOf(&c.Traffic), Style: errorStyle(&c.Traffic)}, bad,
	}
}

func clientState(c *fleet.Client, now time.Time) (string, Style) {
	if c.State == fleet.Fails {
		return "FAILS for " + age(c.Since, now), Alarm
	}
	return "not asked yet", Faint
}

func why(c *fleet.Client) string {
	if c.State == fleet.Fails {
		return short(c.Error)
	}
	return "waiting for the first answer"
}

// badList names what a client cannot use.
func badList(bad []fleet.Bad, now time.Time) string {
	const named = 3
	parts := make([]string, 0, named+1)
	for i, b := range bad {
		if i == named {
			parts = append(parts, fmt.Sprintf("and %d more", len(bad)-named))
			break
		}
		switch {
		case b.Backend == "":
			parts = append(parts, "all of "+b.Target)
		case b.Condition == fleet.Unusable:
			parts = append(parts, b.Backend+" unusable")
		case b.Since.IsZero():
			parts = append(parts, b.Backend+" down")
		default:
			parts = append(parts, b.Backend+" down "+age(b.Since, now))
		}
	}
	return strings.Join(parts, ", ")
}

// failingLines tells which clients do not answer, in at most limit lines.
func failingLines(clients []fleet.Client, now time.Time, limit int) []Line {
	var lines []Line
	failing := 0
	for i := range clients {
		if clients[i].State == fleet.Fails {
			failing++
		}
	}
	for i := range clients {
		c := &clients[i]
		switch {
		case c.State != fleet.Fails:
		case len(lines) == limit-1 && failing > limit:
			return append(lines, Line{{fmt.Sprintf("and %d more clients do not answer", failing-len(lines)), Alarm}})
		default:
			text := fmt.Sprintf("client %s fails for %s: %s", c.Name, age(c.Since, now), short(c.Error))
			if c.Last.IsZero() {
				text += " (it has never answered)"
			}
			lines = append(lines, Line{{text, Alarm}})
		}
	}
	return lines
}
