package livepage

import "fmt"

// tilesView is the numbers of a target that matter first.
type tilesView struct {
	Rate, RateLong       string // the second, here and below, is for the long window
	Success, SuccessLong string
	Erring               bool
	LatencyName          string // which latency it is
	Latency, LatencyLong string
	Usable, Of           string
	Short                string // the style class for backends that are not usable; "" if all are
	Rest                 string // link to the backends that are not usable; "" if all are
	Waiting              string
}

// newTilesView returns the tiles of a target. only is the query for the page with this
// target alone.
func newTilesView(t *targetStatus, only query) tilesView {
	v := tilesView{Usable: grouped(t.usable), Of: grouped(t.present()), Waiting: grouped(t.Waiting)}
	if t.usable < t.present() {
		v.Short = "wait"
		if t.usable == 0 {
			v.Short = "bad"
		}
		only.filter, only.state = "", notUsableFilter
		v.Rest = only.link()
	}
	w, long := t.Recent.current(), &t.Recent.Long
	if w.known() {
		v.Rate = rateWords(w.rate())
	}
	if w.Ended > 0 {
		v.Success, v.Erring = percentWords(1-w.failing()), w.failsOften()
	}
	v.LatencyName = latencyName(w.Latency, long.Latency)
	v.Latency = latencyTile(w.Latency)
	if long.Span < w.Span*3/2 {
		return v // it says the same
	}
	over := words(long.Span) + ": "
	v.RateLong = over + rateWords(long.rate())
	if long.Ended > 0 {
		v.SuccessLong = over + percentWords(1-long.failing())
	}
	if l := latencyTile(long.Latency); l != "" {
		v.LatencyLong = over + l
	}
	return v
}

// latencyName says which latency the tile shows.
func latencyName(short, long Latency) string {
	if short.Estimated || short.Mean == 0 && long.Estimated {
		return "Mean latency, estimated"
	}
	return "p99 latency"
}

// latencyTile returns the 99th percentile or, if only an estimate of the mean is
// known, that one.
func latencyTile(l Latency) string {
	switch {
	case l.Mean == 0:
		return ""
	case l.Estimated:
		return "~ " + latencyWords(l.Mean)
	}
	return latencyWords(l.P99)
}

// rateWords formats a number per second.
func rateWords(perSecond float64) string {
	switch {
	case perSecond == 0:
		return "0"
	case perSecond < 0.1:
		return fmt.Sprintf("%.1g", perSecond)
	case perSecond < 10:
		return trimZero(fmt.Sprintf("%.1f", perSecond))
	}
	return grouped(int64(perSecond + 0.5))
}
