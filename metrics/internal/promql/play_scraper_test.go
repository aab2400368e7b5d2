package promql_test

import (
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// scraper does what a Prometheus server does between a page and its storage.
type scraper struct {
	server  server
	created bool // it stores a 0 at the time at which a counter was created, if it can
	stored  *storage
	last    map[string]map[string]labels.Labels // the series of each instance's last page, by their labels
}

func newScraper(s server, created bool) *scraper {
	return &scraper{
		server: s, created: created,
		stored: newStorage(),
		last:   make(map[string]map[string]labels.Labels),
	}
}

func (s *scraper) scrapeAll(pages []playPage) {
	for _, page := range pages {
		s.scrape(page)
	}
}

func (s *scraper) scrape(page playPage) {
	at := page.at.UnixMilli()
	found := make(map[string]labels.Labels)
	for _, family := range page.families {
		for _, m := range family.Metric {
			one := newStorage()
			s.server.ingest(one, family.GetName(), m, at)
			for _, series := range one.series {
				own := onInstance(series.labels, page.instance)
				found[own.String()] = own
				if s.created {
					s.addZero(own, series.samples[0].FH(), createdAt(m), at)
				}
				for _, v := range series.samples {
					s.stored.add(own, v.(sample))
				}
			}
		}
	}
	for key, gone := range s.last[page.instance] {
		if _, still := found[key]; !still {
			s.stored.addStale(gone, at)
		}
	}
	s.last[page.instance] = found
	up := 0.0
	if page.families != nil {
		up = 1
	}
	s.stored.add(labels.FromStrings(model.MetricNameLabel, "up", "job", "shop", "instance", page.instance), sample{at: at, f: up})
}

func onInstance(l labels.Labels, instance string) labels.Labels {
	return labels.NewBuilder(l).Set("instance", instance).Labels()
}

// addStale marks the end of a series, so that it has no value from then on.
func (st *storage) addStale(l labels.Labels, at int64) {
	stale := sample{at: at, f: math.Float64frombits(value.StaleNaN)}
	if last := st.series[l.String()].samples; last[len(last)-1].FH() != nil {
		stale = sample{at: at, h: &histogram.FloatHistogram{Sum: stale.f}}
	}
	st.add(l, stale)
}

// addZero adds a 0 where a series began. One that has a sample since then goes on.
func (s *scraper) addZero(l labels.Labels, h *histogram.FloatHistogram, created time.Time, now int64) {
	at := created.UnixMilli()
	if created.IsZero() || at >= now {
		return
	}
	if known := s.stored.series[l.String()]; known != nil && known.samples[len(known.samples)-1].T() >= at {
		return
	}
	zero := sample{at: at}
	if h != nil {
		zero.h = &histogram.FloatHistogram{Schema: h.Schema, ZeroThreshold: h.ZeroThreshold, CustomValues: h.CustomValues}
	}
	s.stored.add(l, zero)
}

// createdAt returns when a counter or histogram was created, or the zero time.
func createdAt(m *dto.Metric) time.Time {
	created := m.GetCounter().GetCreatedTimestamp()
	if m.Histogram != nil {
		created = m.Histogram.CreatedTimestamp
	}
	if created == nil {
		return time.Time{}
	}
	return created.AsTime()
}
