package view

import "strings"

const help = `
Keys
  q, ctrl+c            quit
  up, down, k, j       scroll; page up, page down, home and end too
  tab, shift+tab       the next target, the one before
  s                    sort by worst, name, RPS, errors, latency, share, down
  /                    show only what has a text; enter keeps it, esc drops it
  c                    clients: which answer, and what each cannot use
  e                    events of all clients, the newest first
  w                    rates of the last 10 seconds, or of the last minute
  esc                  back to the backends, without a filter

Backends
  STATE     the worst that a client sees. "at 2": two of the clients see it so.
            DOWN: lost, or cannot be reached. UNUSABLE: connected, but sick or
            ejected. ERRING: RPCs fail. slow: far slower than the others.
            starved, crowded: gets far less, far more than the others.
  USABLE    clients that can use it, of those that connect to it. If lbtop
            watches only one client: subchannels.
  DOWN FOR  since the first client lost it.
  ERRORS    RPC attempts that failed, of those that ended.
  P99       of the client where it is highest. "~": a mean, estimated from the
            RPCs in flight, where clients do not measure latency.
  SHARE     RPCs, compared with an even split over the usable backends.

A client that does not answer is not counted: what it last said may be wrong now.`

func helpLines() []Line {
	var lines []Line
	for text := range strings.SplitSeq(help, "\n") {
		style := Normal
		if text != "" && text[0] != ' ' && !strings.Contains(text, " ") {
			style = Strong
		}
		lines = append(lines, Line{{text, style}})
	}
	return lines
}
