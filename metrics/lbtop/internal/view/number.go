package view

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
)

// none is shown for what is not known.
const none = "-"

// rate formats a rate per second with two or more digits.
func rate(known bool, perSecond float64) string {
	switch {
	case !known:
		return none
	case perSecond == 0:
		return "0"
	case perSecond < 0.05:
		return "<0.1"
	case perSecond < 9.95:
		return fmt.Sprintf("%.1f", perSecond)
	}
	return grouped(int64(math.Round(perSecond)))
}

// grouped formats a number with commas between groups of three digits.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func errorsOf(t *fleet.Traffic) string {
	ratio, known := t.ErrorRatio()
	switch p := ratio * 100; {
	case !known:
		return none
	case p == 0:
		return "0 %"
	case p < 0.05:
		return "<0.1 %"
	default:
		return fmt.Sprintf("%.1f %%", p)
	}
}

// latencyOf returns the p99, or the mean with a mark if it is only estimated.
func latencyOf(t *fleet.Traffic) string {
	switch {
	case t.P99 > 0:
		return seconds(t.P99)
	case t.Mean > 0:
		return "~" + seconds(t.Mean)
	}
	return none
}

// seconds formats a duration with three digits.
func seconds(s float64) string {
	switch {
	case s < 0.9995e-3:
		return fmt.Sprintf("%.0f µs", s*1e6)
	case s < 9.995e-3:
		return fmt.Sprintf("%.2f ms", s*1e3)
	case s < 99.95e-3:
		return fmt.Sprintf("%.1f ms", s*1e3)
	case s < 0.9995:
		return fmt.Sprintf("%.0f ms", s*1e3)
	case s < 9.995:
		return fmt.Sprintf("%.2f s", s)
	}
	return fmt.Sprintf("%.0f s", s)
}

func shareOf(b *fleet.Backend) string {
	ratio, known := b.Share()
	if !known {
		return none
	}
	return fmt.Sprintf("%.2f×", ratio)
}

// age tells how long ago it was.
func age(at, now time.Time) string {
	if at.IsZero() {
		return none
	}
	return fleet.Elapsed(now.Sub(at))
}
