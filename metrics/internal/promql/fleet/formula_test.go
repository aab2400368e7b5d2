package fleet_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// formula has the numbers of series of which those of a fleet are made:
//
//	clients × (ofScrape + targets × perTarget + backends × (perBackend + codes × perCode + latency))
//
// where codes are those other than OK that a backend has answered with.
type formula struct {
	perTarget, perBackend, perCode, latency int
}

// ofScrape are the series that Prometheus makes of each scrape: up, and four
// that begin with scrape_.
const ofScrape = 5

// count counts the series in scrapes of clients that differ in one thing.
func count(tb testing.TB, native bool) formula {
	tb.Helper()
	of := func(backends, failures int, opts ...metrics.Option) int {
		c := newClient(tb, addrs(0, backends), opts...)
		c.fail(tb, failures)
		return c.series(tb, native)
	}
	empty, one, two := of(0, 0), of(1, 0), of(2, 0)
	if two-one != one-empty {
		tb.Errorf("the second backend has %d series, the first %d", two-one, one-empty)
	}
	return formula{
		perTarget:  empty,
		perBackend: one - empty,
		perCode:    of(1, 1) - one,
		latency:    of(1, 0, metrics.WithLatency()) - one,
	}
}

// series scrapes the client, and counts the series that Prometheus makes of it.
func (c *client) series(tb testing.TB, native bool) (n int) {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/metrics", http.NoBody)
	r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	if native {
		r.Header.Set("Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	if !native {
		for line := range strings.Lines(w.Body.String()) {
			if !strings.HasPrefix(line, "#") {
				n++
			}
		}
		return n
	}
	return nativeSeries(tb, w.Body, expfmt.ResponseFormat(w.Header()))
}

// nativeSeries counts a histogram that is native as one series, and one that is
// not by its buckets, its sum and its count.
func nativeSeries(tb testing.TB, page *bytes.Buffer, format expfmt.Format) (n int) {
	tb.Helper()
	for decoder := expfmt.NewDecoder(page, format); ; {
		var family dto.MetricFamily
		switch err := decoder.Decode(&family); {
		case errors.Is(err, io.EOF):
			return n
		case err != nil:
			tb.Fatal(err)
		}
		for _, m := range family.Metric {
			if h := m.Histogram; h != nil && h.Schema == nil {
				n += len(h.Bucket) + len([]string{"+Inf", "sum", "count"})
			} else {
				n++
			}
		}
	}
}

// expectedSeries returns by the formula how many series a fleet has of which each
// backend has failed once, if Prometheus keeps all.
func expectedSeries(tb testing.TB, v variant, s size) int {
	tb.Helper()
	is := count(tb, v.native)
	latency := 0
	if c := newClient(tb, addrs(0, 1), v.options...); c.series(tb, v.native) > newClient(tb, addrs(0, 1)).series(tb, v.native) {
		latency = is.latency
	}
	names := v.names
	if names == 0 {
		names = len(v.backends(0, s))
	}
	return s.clients * (ofScrape + is.perTarget + names*(is.perBackend+is.perCode+latency))
}

func TestReadmeHasTheNumbersOfSeries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		classic, native := count(t, false), count(t, true)
		holdReadme(t, "series", seriesTable(classic, native))
	})
}

func seriesTable(classic, native formula) string {
	var b strings.Builder
	fmt.Fprint(&b, "| series | classic histograms | native histograms only |\n|---|---|---|\n")
	for _, row := range []struct {
		what string
		of   func(formula) int
	}{
		{"of each scrape: `up` and four more of Prometheus's", func(formula) int { return ofScrape }},
		{"per target of a client", func(f formula) int { return f.perTarget }},
		{"per backend of a target", func(f formula) int { return f.perBackend }},
		{"more per backend for each status code but `OK` that has occurred", func(f formula) int { return f.perCode }},
		{"more per backend with latency", func(f formula) int { return f.latency }},
	} {
		fmt.Fprintf(&b, "| %s | %d | %d |\n", row.what, row.of(classic), row.of(native))
	}
	example := func(f formula) string {
		return thousands(float64(200 * (ofScrape + f.perTarget + 200*(f.perBackend+f.perCode))))
	}
	fmt.Fprintf(&b, "\nN clients with one target of M backends, each of which has failed with one code, have\n"+
		"N × (%d + %d + M × (%d + %d)) series, and %d more for each client and backend with latency.\n"+
		"200 clients of 200 backends have %s.\n",
		ofScrape, classic.perTarget, classic.perBackend, classic.perCode, classic.latency, example(classic))
	return b.String()
}

// The formula is of use only if it holds for more than it was counted with.
func TestSeriesAreThoseOfTheFormula(t *testing.T) {
	t.Parallel()
	s := size{clients: 1, backends: 30}
	for _, v := range variants(t) {
		synctest.Test(t, func(t *testing.T) {
			backends := v.backends(0, s)
			c := newClient(t, backends, v.options...)
			c.fail(t, len(backends))
			if got, want := ofScrape+c.series(t, v.native), expectedSeries(t, v, s); got != want {
				t.Errorf("%s: %d series, %d by the formula", v.name, got, want)
			}
		})
	}
}
