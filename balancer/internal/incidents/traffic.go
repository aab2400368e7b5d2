package incidents

import (
	"slices"
	"time"
)

// minSpan is the shortest window that is compared: in a shorter one, the time that
// the request took counts too much.
const minSpan = time.Second

// Traffic checks rates, shares, errors and latencies of all backends in both windows.
func (l *Look) Traffic() {
	l.traffic("10s", short)
	l.traffic("1m", long)
}

func (l *Look) traffic(name string, window func(*Windows) *Window) {
	var all []compared
	usable := rates{}
	for i := range l.Backends {
		b := &l.Backends[i]
		w := window(&b.Recent)
		if w == nil || w.span() < minSpan {
			l.Errorf("%s: window %s is %+v", b.Name, name, w)
			return
		}
		c := compared{b.Name + " in " + name, w, l.counted(b, w)}
		all = append(all, c)
		if b.Usable > 0 {
			usable.add(&c)
		}
		l.rates(&c)
		l.latency(&c)
	}
	total := window(&l.Target().Recent)
	sum := compared{"target in " + name, total, counted{}}
	for i := range all {
		c := &all[i].counted
		sum.started.add(c.started)
		sum.failed.add(c.failed)
		sum.ended.add(c.ended)
		if l.Backends[i].Usable > 0 {
			l.share(&all[i], usable)
		}
	}
	if total == nil {
		l.Errorf("the target has no window %s", name)
		return
	}
	l.rates(&sum)
}

// counted returns what the channel's stats handler counted of the backend in the
// window.
func (l *Look) counted(b *Backend, w *Window) counted {
	return l.attempts.in(b.Name, w.span(), l.asked, l.came)
}

func (b *bounds) add(more bounds) {
	b.least += more.least
	b.most += more.most
}

// compared is a window and what was counted in it.
type compared struct {
	what string
	*Window
	counted
}

// rates are per second.
type rates struct{ least, most float64 }

func (r *rates) add(c *compared) {
	r.least += float64(c.started.least) / c.Span
	r.most += float64(c.started.most) / c.Span
}

func (l *Look) rates(c *compared) {
	if got := c.Rate * c.Span; !near(got, c.started) {
		l.Errorf("%s: %.1f RPCs in %.1f s, want %v", c.what, got, c.Span, c.started)
	}
	if got := c.Errors * c.Span; !near(got, c.failed) {
		l.Errorf("%s: %.1f errors in %.1f s, want %v", c.what, got, c.Span, c.failed)
	}
	if c.ended.least == 0 {
		return
	}
	if c.Success == nil {
		l.Errorf("%s: no success rate, though %v RPCs ended", c.what, c.ended)
	} else if failed := (1 - *c.Success) * float64(c.ended.least+c.ended.most) / 2; !near(failed, c.failed) {
		l.Errorf("%s: success rate %v, want that of %v errors in %v", c.what, *c.Success, c.failed, c.ended)
	}
}

// share checks the share of a backend, given the rates of all usable backends.
func (l *Look) share(c *compared, usable rates) {
	if usable.least == 0 {
		return
	}
	if c.Share == nil {
		l.Errorf("%s: no share", c.what)
		return
	}
	least := (.9*float64(c.started.least) - 1) / c.Span / usable.most
	most := (1.1*float64(c.started.most) + 1) / c.Span / usable.least
	if *c.Share < least || *c.Share > most {
		l.Errorf("%s: share %.4f, want %.4f to %.4f", c.what, *c.Share, least, most)
	}
}

// minMeasured is how many attempts must have been measured for quantiles to say
// something.
const minMeasured = 20

// latency checks that each quantile is at most one bucket from the true one.
func (l *Look) latency(c *compared) {
	if c.ended.least < minMeasured {
		return
	}
	if c.Latency == nil || c.Latency.Estimated {
		l.Errorf("%s: latency %+v, want it measured", c.what, c.Latency)
		return
	}
	if c.Latency.Count < minMeasured {
		return
	}
	slices.Sort(c.took)
	for q, got := range map[float64]float64{.5: c.Latency.P50, .95: c.Latency.P95, .99: c.Latency.P99} {
		if q == .99 && len(c.took) < 10*minMeasured {
			continue // that is the slowest, or nearly so
		}
		// At the ends of the window, some attempts may be in it or not.
		i, last := int(q*float64(len(c.took))), len(c.took)-1
		least, most := c.took[max(i-2, 0)].Seconds(), c.took[min(i+2, last)].Seconds()
		if b := bucketOf(got); b < bucketOf(least)-1 || b > bucketOf(most)+1 {
			l.Errorf("%s: quantile %v is %v s, want about %v to %v", c.what, q, got, least, most)
		}
	}
}

// buckets are those of grpc_lb_rpc_attempt_duration_seconds.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func bucketOf(seconds float64) int {
	i, _ := slices.BinarySearch(buckets, seconds)
	return i
}
