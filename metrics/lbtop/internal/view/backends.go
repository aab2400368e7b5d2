package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
)

// nameLimit and errorLimit are how much of a name and an error a table shows, in
// columns of the terminal.
const (
	nameLimit  = 40
	errorLimit = 120
)

var backendColumns = []column{
	{head: "BACKEND", limit: nameLimit},
	{head: "STATE"},
	{head: "USABLE", right: true},
	{head: "DOWN FOR", right: true},
	{head: "RPS", right: true},
	{head: "ERRORS", right: true},
	{head: "P99", right: true},
	{head: "SHARE", right: true},
	{head: "LAST ERROR"},
}

// backendRow returns the cells of a backend. One client counts subchannels, several
// count clients.
func backendRow(b *fleet.Backend, clients int, now time.Time) []Span {
	state, style := stateOf(b)
	usable := fmt.Sprintf("%d of %d", b.Usable, b.Clients())
	if clients == 1 {
		usable = fmt.Sprintf("%d of %d", b.Working, b.Subchannels)
	}
	down := none
	if b.Seen[fleet.Down] > 0 {
		down = age(b.DownSince, now)
	}
	return []Span{
		{Text: b.Name, Style: style},
		{Text: state, Style: style},
		{Text: usable},
		{Text: down},
		{Text: rate(b.Known, b.RPS)},
		{Text: errorsOf(&b.Traffic), Style: errorStyle(&b.Traffic)},
		{Text: latencyOf(&b.Traffic)},
		{Text: shareOf(b)},
		{Text: lastError(b, now)},
	}
}

// stateOf says in a word or two how the clients see the backend: the worst, and at
// how many of them if not at all.
func stateOf(b *fleet.Backend) (string, Style) {
	c := b.Worst()
	state, style := c.String(), conditionStyles[c]
	switch n := b.Seen[c]; {
	case style == Alarm && n < b.Clients():
		return fmt.Sprintf("%s at %d", strings.ToUpper(state), n), style
	case c == fleet.Unusable && b.Reason != "":
		return "UNUSABLE " + b.Reason, style
	case style == Alarm:
		return strings.ToUpper(state), style
	case style == Warning && n < b.Clients():
		return fmt.Sprintf("%s at %d", state, n), style
	}
	return state, style
}

var conditionStyles = map[fleet.Condition]Style{
	fleet.Down: Alarm, fleet.Unusable: Alarm, fleet.Erring: Alarm,
	fleet.Slow: Warning, fleet.Starved: Warning, fleet.Crowded: Warning,
	fleet.Idle: Faint, fleet.Gone: Faint,
}

func errorStyle(t *fleet.Traffic) Style {
	if ratio, _ := t.ErrorRatio(); ratio >= fleet.Failing {
		return Warning
	}
	return Normal
}

func lastError(b *fleet.Backend, now time.Time) string {
	if b.Error == "" {
		return none
	}
	return age(b.ErrorAt, now) + " ago: " + short(b.Error)
}

// short cuts an error.
func short(s string) string {
	return strings.TrimRight(fit(s, errorLimit, false), " ")
}

// matches reports whether the backend has the text, in any case.
func matches(b *fleet.Backend, filter string) bool {
	if filter == "" {
		return true
	}
	state, _ := stateOf(b)
	for _, s := range []string{b.Name, state, b.Error} {
		if strings.Contains(strings.ToLower(s), strings.ToLower(filter)) {
			return true
		}
	}
	return false
}

// selected returns the backends of the target that match, in the order.
func selected(t *fleet.Target, filter string, order fleet.Order) []fleet.Backend {
	if filter == "" {
		return order.Sorted(t.Backends)
	}
	var matching []fleet.Backend
	for i := range t.Backends {
		if matches(&t.Backends[i], filter) {
			matching = append(matching, t.Backends[i])
		}
	}
	return order.Sorted(matching)
}
