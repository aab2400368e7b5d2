package livepage

import (
	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// tilesView is the numbers of a target that matter first.
type tilesView struct {
	Rate, RateLong       string // the second, here and below, is for the long window
	Success, SuccessLong string
	Erring               bool
	Estimated            bool   // the latency is
	LatencyName          string // which latency it is
	Latency, LatencyLong string
	Usable, Of           string
	Short                string // the style class for backends that are not usable; "" if all are
	Rest                 string // link to the backends that are not usable; "" if all are
	Waiting              string
}

// newTilesView returns the tiles of a target. only is the query for the page with this
// target alone.
func newTilesView(t *selection.Target, only selection.Query) tilesView {
	v := tilesView{Usable: wording.Grouped(t.Usable), Of: wording.Grouped(t.Present()), Waiting: wording.Grouped(t.Waiting)}
	if t.Usable < t.Present() {
		v.Short = "wait"
		if t.Usable == 0 {
			v.Short = "bad"
		}
		only.Filter, only.State = "", selection.NotUsable
		v.Rest = only.Link()
	}
	w, long := t.Recent.Current(), &t.Recent.Long
	if w.Known() {
		v.Rate = wording.Rate(w.Rate())
	}
	if w.Ended > 0 {
		v.Success, v.Erring = wording.Percent(1-w.Failing()), diagnosis.FailsOften(w)
	}
	v.LatencyName = "p99 latency"
	if v.Estimated = w.Latency.Estimated || w.Latency.Mean == 0 && long.Latency.Estimated; v.Estimated {
		v.LatencyName = "Mean latency, estimated"
	}
	v.Latency = latencyTile(w)
	if long.Span < w.Span*3/2 {
		return v // it says the same
	}
	over := wording.Duration(long.Span) + ": "
	v.RateLong = over + wording.Rate(long.Rate())
	if long.Ended > 0 {
		v.SuccessLong = over + wording.Percent(1-long.Failing())
	}
	if l := latencyTile(long); l != "" {
		v.LatencyLong = over + l
	}
	return v
}

// latencyTile returns the 99th percentile or, if latency is not measured, what is known
// of the mean.
func latencyTile(w *livestatus.Window) string {
	switch l := &w.Latency; {
	case l.Estimated:
		return estimateWords(w)
	case l.Mean == 0:
		return ""
	default:
		return wording.Latency(l.P99)
	}
}
