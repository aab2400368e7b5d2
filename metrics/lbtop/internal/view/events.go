package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
)

var eventColumns = []column{
	{head: "AGO", right: true},
	{head: "CLIENT", limit: nameLimit},
	{head: "TARGET", limit: nameLimit},
	{head: "EVENT"},
	{head: "BACKEND", limit: nameLimit},
	{head: "DETAIL"},
}

var eventStyles = map[string]Style{
	"lost": Alarm, "connect_failed": Alarm, "unusable": Alarm, "resolver_error": Alarm,
	"update_rejected": Alarm, "folded": Warning,
}

// eventRow returns the cells of an event.
func eventRow(e *fleet.Event, now time.Time) []Span {
	client := e.Clients[0]
	if n := len(e.Clients); n > 1 {
		client = fmt.Sprintf("%d clients", n)
	}
	detail := e.Text
	if e.Times > len(e.Clients) {
		detail = strings.TrimSpace(fmt.Sprintf("%d times %s", e.Times, detail))
	}
	return []Span{
		{Text: age(e.At, now)}, {Text: client}, {Text: e.Target},
		{Text: strings.ReplaceAll(e.Kind, "_", " "), Style: eventStyles[e.Kind]},
		{Text: dash(e.Backend)}, {Text: dash(short(detail))},
	}
}

func dash(s string) string {
	if s == "" {
		return none
	}
	return s
}

// eventMatches reports whether the event has the text, in any case.
func eventMatches(e *fleet.Event, filter string) bool {
	if filter == "" {
		return true
	}
	all := strings.Join(append([]string{e.Target, e.Policy, e.Kind, strings.ReplaceAll(e.Kind, "_", " "), e.Backend, e.Text}, e.Clients...), "\n")
	return strings.Contains(strings.ToLower(all), strings.ToLower(filter))
}
