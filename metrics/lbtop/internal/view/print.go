package view

import (
	"fmt"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
)

// Print returns everything as lines for a file or a pipe: the clients that do not
// answer, and a table for each target, with at most the given number of rows; 0
// means all.
func Print(f *fleet.Fleet, rows int, now time.Time) []Line {
	lines := []Line{plain(fmt.Sprintf("%s  %s  rates of the last %s",
		now.UTC().Format(time.RFC3339), answered(f), f.Window))}
	lines = append(lines, failingLines(f.Clients, now, max(len(f.Clients), 1))...)
	if len(f.Targets) == 0 {
		lines = append(lines, plain(nothing(f)))
	}
	for i := range f.Targets {
		t := &f.Targets[i]
		lines = append(append(lines, nil), chosenTarget(t, 0, 1)...)
		shown := t.Backends
		if rows > 0 {
			shown = shown[:min(rows, len(shown))]
		}
		lines = append(lines, backendTable(shown, len(f.Clients), now)...)
		if more := len(t.Backends) - len(shown); more > 0 {
			lines = append(lines, plain(fmt.Sprintf("and %d more backends; -n sets how many are shown", more)))
		}
	}
	return lines
}

func backendTable(backends []fleet.Backend, clients int, now time.Time) []Line {
	if len(backends) == 0 {
		return nil
	}
	rows := make([][]Span, len(backends))
	for i := range backends {
		rows[i] = backendRow(&backends[i], clients, now)
	}
	head, body := table(backendColumns, rows)
	return append([]Line{head}, body...)
}

func answered(f *fleet.Fleet) string {
	if len(f.Clients) == 1 {
		return f.Clients[0].Name
	}
	return fmt.Sprintf("%d of %d clients answer", f.Answered(), len(f.Clients))
}

// nothing says why there is no target.
func nothing(f *fleet.Fleet) string {
	switch n := len(f.Others); {
	case f.Answered() == 0 && f.Pending():
		return "waiting for the first answer"
	case f.Answered() == 0:
		return "no client has answered"
	case n > 0:
		text := fmt.Sprintf("no target is selected by -target and -policy; there is %s %s", f.Others[0].Target, f.Others[0].Policy)
		if n > 1 {
			text += fmt.Sprintf(" and %d more", n-1)
		}
		return text
	}
	return "the clients have no targets: no metered channel has been used"
}
