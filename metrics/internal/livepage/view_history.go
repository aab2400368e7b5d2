package livepage

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// The drawing of the last minute, in its own units.
const (
	historySpan   = time.Minute
	historyWidth  = 120.0
	historyHeight = 24.0
)

// historyView is the rate of RPC attempts and of errors in the last minute, as
// paths of an SVG and in words.
type historyView struct {
	Rate, Errors string
	Words        string
}

// newHistoryView returns nil if there are no points.
func newHistoryView(points []livestatus.Point, now time.Time) *historyView {
	if len(points) == 0 {
		return nil
	}
	lowest, highest, errors := livestatus.PerSecond(points[0].Picks, points[0].Span), 0.0, 0.0
	for _, p := range points {
		rate := livestatus.PerSecond(p.Picks, p.Span)
		lowest, highest, errors = min(lowest, rate), max(highest, rate), max(errors, livestatus.PerSecond(p.Failed, p.Span))
	}
	scale := historyHeight / max(highest, errors, 1)
	v := &historyView{Words: historyWords(lowest, highest, errors)}
	v.Rate = drawn(points, now, func(p livestatus.Point) float64 { return livestatus.PerSecond(p.Picks, p.Span) * scale })
	if errors > 0 {
		line := drawn(points, now, func(p livestatus.Point) float64 { return livestatus.PerSecond(p.Failed, p.Span) * scale })
		v.Errors = fmt.Sprintf("%sV%gH%sZ", line, historyHeight, x(points[0].At.Add(-points[0].Span), now))
	}
	return v
}

// historyWords says what the drawing shows.
func historyWords(lowest, highest, errors float64) string {
	s := "Last minute: " + wording.Rate(highest) + " RPS"
	if from := wording.Rate(lowest); from != wording.Rate(highest) {
		s = "Last minute: " + from + "–" + wording.Rate(highest) + " RPS"
	}
	if errors == 0 {
		return s + ", no errors"
	}
	return s + ", up to " + wording.Rate(errors) + " errors/s"
}

// drawn returns the path through the points at the heights: a step for each, as long
// as its span.
func drawn(points []livestatus.Point, now time.Time, height func(livestatus.Point) float64) string {
	var b strings.Builder
	b.WriteString("M" + x(points[0].At.Add(-points[0].Span), now))
	for i, p := range points {
		y := strconv.FormatFloat(historyHeight-height(p), 'f', 1, 64)
		if i == 0 {
			b.WriteString(" " + y)
		} else {
			b.WriteString("V" + y)
		}
		b.WriteString("H" + x(p.At, now))
	}
	return b.String()
}

// x returns where a moment is: the right edge is now.
func x(at, now time.Time) string {
	ago := min(max(now.Sub(at), 0), historySpan)
	return strconv.FormatFloat(historyWidth*(1-float64(ago)/float64(historySpan)), 'f', 1, 64)
}
