package promql_test

import (
	"testing"
	"time"
)

// The tests below hold what the scraper makes of pages, on which the plays rest.

const firstScrape = `start shop-1 retention=15s
resolve shop-1 a b
run 15s
----
`

func TestCreatedTimesShowWhatWasCountedBeforeTheFirstScrape(t *testing.T) {
	t.Parallel()
	p := perform(t, parseScript(t, "first scrape", firstScrape))
	picks, at := expressions[0], p.moments[0].at.Add(time.Second)
	for _, s := range servers {
		if got := newEngineJudge(t, s, false, p).ask(t, picks, at); len(got) > 0 {
			t.Errorf("%s server: the rate after one scrape is %v, want none", s.name, got)
		}
		if got := newEngineJudge(t, s, true, p).ask(t, picks, at); got[""] == 0 {
			t.Errorf("%s server: with created times the rate after one scrape is %v, want some", s.name, got)
		}
	}
}

func TestSeriesHaveNoValueFromTheScrapeOnThatLacksThem(t *testing.T) {
	t.Parallel()
	p := perform(t, parseScript(t, "a backend leaves", firstScrape+`
resolve shop-1 a
run 15s
----

run 15s
----

stop shop-1
run 15s
----
`))
	j := newEngineJudge(t, servers[0], false, p)
	series := expression{expr: `grpc_lb_picks_total`, label: "grpc_lb_backend"}
	up := expression{expr: `up`}
	for i, want := range []struct{ series, up float64 }{{2, 1}, {2, 1}, {1, 1}, {0, 0}} {
		at := p.moments[i].at.Add(time.Second)
		if got := j.ask(t, series, at); len(got) != int(want.series) {
			t.Errorf("after scrape %d there are series of %v, want %v of them", i+1, got, want.series)
		}
		if got := j.ask(t, up, at)[""]; got != want.up {
			t.Errorf("after scrape %d up is %v, want %v", i+1, got, want.up)
		}
	}
}

func TestRestartedClientContinuesItsSeries(t *testing.T) {
	t.Parallel()
	p := perform(t, parseScript(t, "restart", firstScrape+`
start shop-1
resolve shop-1 a b
run 15s
----
`))
	s := newScraper(servers[0], false)
	s.scrapeAll(p.pages)
	for _, series := range s.stored.series {
		if len(series.samples) != 2 {
			t.Errorf("%v has %d samples, want 2: one of each scrape", series.labels, len(series.samples))
		}
	}
}
