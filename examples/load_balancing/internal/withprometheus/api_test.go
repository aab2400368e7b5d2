package withprometheus_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
)

// ever is a range longer than the test.
const ever = "[1h]"

// series is one series of an answer. With an instant query it has one point, with a
// range query all points.
type series struct {
	labels map[string]string
	points []point
}

type point struct {
	at    time.Time
	value float64
}

// UnmarshalJSON reads [seconds, "value"].
func (p *point) UnmarshalJSON(text []byte) error {
	var seconds float64
	var value string
	if err := json.Unmarshal(text, &[]any{&seconds, &value}); err != nil {
		return err
	}
	p.at = time.UnixMilli(int64(seconds*1000 + .5))
	var err error
	p.value, err = strconv.ParseFloat(value, 64)
	return err
}

// query sends an instant query for a time. The zero time means now.
func (p *prometheus) query(t *testing.T, expression string, at time.Time) []series {
	t.Helper()
	values := url.Values{"query": {expression}}
	if !at.IsZero() {
		values.Set("time", unix(at))
	}
	return p.ask(t, "query", values)
}

// queryRange sends a range query that covers every scrape in the range.
func (p *prometheus) queryRange(t *testing.T, expression string, from, to time.Time) []series {
	t.Helper()
	return p.ask(t, "query_range", url.Values{
		"query": {expression}, "start": {unix(from)}, "end": {unix(to)},
		"step": {strconv.FormatFloat(scrapeInterval.Seconds()/2, 'f', -1, 64)},
	})
}

func unix(at time.Time) string { return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64) }

func (p *prometheus) ask(t *testing.T, endpoint string, values url.Values) []series {
	t.Helper()
	page := exampletest.Get(t, p.url+"/api/v1/"+endpoint+"?"+values.Encode(), "")
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  *point
				Values []point
			}
		}
	}
	if err := json.Unmarshal([]byte(page.Text), &answer); err != nil || page.Status != http.StatusOK {
		t.Fatalf("%s: query %s: status %d, error %v:\n%s", p.name, values.Get("query"), page.Status, err, page.Text)
	}
	var all []series
	for _, result := range answer.Data.Result {
		s := series{labels: result.Metric, points: result.Values}
		if result.Value != nil {
			s.points = []point{*result.Value}
		}
		all = append(all, s)
	}
	return all
}

// values sends an instant query and returns the values by the given labels. No two
// series may have the same values of these labels.
func (p *prometheus) values(t *testing.T, expression string, at time.Time, labels ...string) map[string]float64 {
	t.Helper()
	values := make(map[string]float64)
	for _, s := range p.query(t, expression, at) {
		var key []string
		for _, label := range labels {
			key = append(key, s.labels[label])
		}
		if _, twice := values[strings.Join(key, " ")]; twice {
			t.Fatalf("%s: query %s: several series with %s %s", p.name, expression, labels, key)
		}
		values[strings.Join(key, " ")] = s.points[0].value
	}
	return values
}

// scrapes returns the times of the successful scrapes so far.
func (p *prometheus) scrapes(t *testing.T) []time.Time {
	t.Helper()
	var times []time.Time
	for _, s := range p.query(t, "up"+ever, time.Time{}) {
		for _, point := range s.points {
			if point.value == 1 {
				times = append(times, point.at)
			}
		}
	}
	return times
}

// awaitScrape waits for a scrape that began after the given time, and returns the
// time when it began.
func (p *prometheus) awaitScrape(t *testing.T, after time.Time) time.Time {
	t.Helper()
	var first time.Time
	exampletest.Eventually(t, fmt.Sprintf("%s: a scrape after %v", p.name, after), func() (bool, any) {
		times := p.scrapes(t)
		i := slices.IndexFunc(times, after.Before)
		if i < 0 {
			return false, fmt.Sprintf("the last of %d was before", len(times))
		}
		first = times[i]
		return true, ""
	})
	return first
}
