package livepage

import (
	"fmt"
	"strconv"
	"strings"
	"time"
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
func newHistoryView(points []Point, now time.Time) *historyView {
	if len(points) == 0 {
		return nil
	}
	lowest, highest, errors := perSecond(points[0].Picks, points[0].Span), 0.0, 0.0
	for _, p := range points {
		rate := perSecond(p.Picks, p.Span)
		lowest, highest, errors = min(lowest, rate), max(highest, rate), max(errors, perSecond(p.Failed, p.Span))
	}
	scale := historyHeight / max(highest, errors, 1)
	v := &historyView{Words: historyWords(lowest, highest, errors)}
	v.Rate = drawn(points, now, func(p Point) float64 { return perSecond(p.Picks, p.Span) * scale })
	if errors > 0 {
		line := drawn(points, now, func(p Point) float64 { return perSecond(p.Failed, p.Span) * scale })
		v.Errors = fmt.Sprintf("%sV%gH%sZ", line, historyHeight, x(points[0].At.Add(-points[0].Span), now))
	}
	return v
}

// historyWords says what the drawing shows.
func historyWords(lowest, highest, errors float64) string {
	s := "Last minute: " + rateWords(highest) + " RPS"
	if from := rateWords(lowest); from != rateWords(highest) {
		s = "Last minute: " + from + "–" + rateWords(highest) + " RPS"
	}
	if errors == 0 {
		return s + ", no errors"
	}
	return s + ", up to " + rateWords(errors) + " errors/s"
}

// drawn returns the path through the points at the heights: a step for each, as long
// as its span.
func drawn(points []Point, now time.Time, height func(Point) float64) string {
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
