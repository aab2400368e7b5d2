package view

import (
	"fmt"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
)

// contents is what a screen has between the first line and the last.
type contents struct {
	above []Line // does not scroll
	head  []column
	rows  int
	row   func(i int) []Span
	empty string // shown if there are no rows
	lines []Line // instead of rows
}

// room returns how many rows fit.
func (c contents) room(s State) int {
	used := 2 + len(c.above)
	if c.head != nil {
		used++
	}
	return max(s.Height-used, 0)
}

// last returns the greatest offset.
func (c contents) last(s State) int { return max(c.rows+len(c.lines)-c.room(s), 0) }

// Screen returns the lines of the whole screen, none longer than it is wide.
func Screen(f *fleet.Fleet, s State, now time.Time) []Line {
	c := s.contents(f, now)
	room := c.room(s)
	offset := min(max(s.Offset, 0), c.last(s))
	end := min(offset+room, c.rows+len(c.lines))
	lines := append([]Line{title(f, s, now)}, c.above...)
	switch {
	case c.head != nil && c.rows > 0:
		rows := make([][]Span, 0, end-offset)
		for i := offset; i < end; i++ {
			rows = append(rows, c.row(i))
		}
		head, body := table(c.head, rows)
		lines = append(append(lines, head), body...)
	case c.lines != nil:
		lines = append(lines, c.lines[offset:end]...)
	default:
		lines = append(lines, plain(c.empty))
	}
	for len(lines) < s.Height-1 {
		lines = append(lines, nil)
	}
	lines = append(lines[:max(min(len(lines), s.Height-1), 0)], footer(s, offset, end, c.rows+len(c.lines)))
	for i := range lines {
		lines[i] = lines[i].cut(s.Width)
	}
	return lines
}

func title(f *fleet.Fleet, s State, now time.Time) Line {
	style := Normal
	if f.Answered() < len(f.Clients) {
		style = Warning
	}
	how := fmt.Sprintf("  rates of %v, every %v", f.Window, s.Interval)
	if s.Mode == Backends {
		how = fmt.Sprintf("  by %v,", s.Order) + how[1:]
	}
	return Line{{"lbtop", Strong}, {"  " + now.Format(time.TimeOnly) + "  ", Faint}, {answered(f), style}, {how, Faint}}
}

// footer is the last line: the keys, or the filter that is being typed.
func footer(s State, offset, end, all int) Line {
	if s.Typing {
		return Line{{"filter: ", Strong}, {s.Filter, Normal}, {"_", Strong}, {"  enter keeps it, esc drops it", Faint}}
	}
	var l Line
	if all > end-offset && end > offset {
		l = append(l, Span{fmt.Sprintf("%d–%d of %d  ", offset+1, end, all), Strong})
	}
	if s.Filter != "" {
		l = append(l, Span{fmt.Sprintf("filter %q  ", s.Filter), Strong})
	}
	return append(l, Span{"q quit  tab target  s sort  / filter  c clients  e events  w window  ? help", Faint})
}

func (s State) contents(f *fleet.Fleet, now time.Time) contents {
	switch s.Mode {
	case Clients:
		return s.clients(f, now)
	case Events:
		return s.events(f, now)
	case Help:
		return contents{lines: helpLines()}
	default:
		return s.backends(f, now)
	}
}

func (s State) backends(f *fleet.Fleet, now time.Time) contents {
	failing := failingLines(f.Clients, now, max(min(3, s.Height/6), 1))
	if len(f.Targets) == 0 {
		return contents{above: failing, empty: nothing(f)}
	}
	c := contents{above: append(s.targetLines(f), failing...)}
	if !s.small() {
		c.above = append(c.above, nil)
	}
	c.above = c.above[:min(len(c.above), max(s.Height-4, 0))] // leaves room for a row
	t := &f.Targets[s.chosen(f)]
	backends := selected(t, s.Filter, s.Order)
	c.head, c.rows = backendColumns, len(backends)
	c.row = func(i int) []Span { return backendRow(&backends[i], len(f.Clients), now) }
	c.empty = "no backends"
	if s.Filter != "" {
		c.empty = fmt.Sprintf("no backend matches %q; esc drops the filter", s.Filter)
	}
	return c
}

// small reports whether there are so few lines that each must be of use.
func (s State) small() bool { return s.Height < 14 }

// targetLines returns the lines of the chosen target and of those around it.
func (s State) targetLines(f *fleet.Fleet) []Line {
	n, sentence := min(len(f.Targets), max(s.Height/4, 1)), 3
	if s.small() {
		n, sentence = 1, 1
	}
	chosen := s.chosen(f)
	first := min(max(chosen-n/2, 0), len(f.Targets)-n)
	lines := make([]Line, 0, n+sentence)
	for i := first; i < first+n; i++ {
		if i == chosen {
			lines = append(lines, chosenTarget(&f.Targets[i], s.Width, sentence)...)
		} else {
			lines = append(lines, otherTarget(&f.Targets[i]))
		}
	}
	if n < len(f.Targets) && !s.small() {
		lines = append(lines, Line{{fmt.Sprintf("  target %d of %d", chosen+1, len(f.Targets)), Faint}})
	}
	return lines
}

func (s State) clients(f *fleet.Fleet, now time.Time) contents {
	clients := fleet.ClientsByWorst(f.Clients, s.Filter)
	return contents{
		above: []Line{nil}, head: clientColumns, rows: len(clients),
		row:   func(i int) []Span { return clientRow(&clients[i], now) },
		empty: fmt.Sprintf("no client matches %q; esc drops the filter", s.Filter),
	}
}

func (s State) events(f *fleet.Fleet, now time.Time) contents {
	events := make([]*fleet.Event, 0, len(f.Events))
	for i := range f.Events {
		if eventMatches(&f.Events[i], s.Filter) {
			events = append(events, &f.Events[i])
		}
	}
	empty := "no events: nothing has changed, or the clients keep none"
	if s.Filter != "" && len(f.Events) > 0 {
		empty = fmt.Sprintf("no event matches %q; esc drops the filter", s.Filter)
	}
	return contents{
		above: []Line{nil}, head: eventColumns, rows: len(events),
		row: func(i int) []Span { return eventRow(events[i], now) }, empty: empty,
	}
}
