package promql_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// Prometheus reads the same from each format that it may ask for.
func TestFormatsAgree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkload(t)
		w.interval()
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(w.metrics)
		page := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true})

		text, _ := read(t, page, "text/plain; version=0.0.4")
		open, _ := read(t, page, "application/openmetrics-text; version=1.0.0")
		proto, native := read(t, page, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")
		if len(text) < 100 {
			t.Fatalf("%d series in the text format, too few for the test to mean anything", len(text))
		}
		if diff := cmp.Diff(text, open); diff != "" {
			t.Errorf("OpenMetrics differs from text (-text +OpenMetrics):\n%s", diff)
		}
		if diff := cmp.Diff(text, proto); diff != "" {
			t.Errorf("protobuf differs from text (-text +protobuf):\n%s", diff)
		}
		if len(native) == 0 {
			t.Errorf("no native histogram in protobuf")
		}
		for series, h := range native {
			if want := text[series+" count"]; float64(h.Count) != want {
				t.Errorf("native histogram of %s has a count of %d, the classic one %v", series, h.Count, want)
			}
		}
	})
}

// read scrapes the page in a format. It returns the values by series, those of
// classic histograms as text has them, and the native histograms.
func read(t *testing.T, page http.Handler, format string) (map[string]float64, map[string]*histogram.Histogram) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
	r.Header.Set("Accept", format)
	w := httptest.NewRecorder()
	page.ServeHTTP(w, r)
	p, err := textparse.New(w.Body.Bytes(), w.Header().Get("Content-Type"), labels.NewSymbolTable(), textparse.ParserOptions{KeepClassicOnClassicAndNativeHistograms: true})
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	values, native := make(map[string]float64), make(map[string]*histogram.Histogram)
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return values, native
		}
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		var l labels.Labels
		switch entry {
		case textparse.EntrySeries:
			p.Labels(&l)
			_, _, v := p.Series()
			values[seriesKey(l)] = v
		case textparse.EntryHistogram:
			p.Labels(&l)
			_, _, h, _ := p.Histogram()
			native[seriesKey(l)] = h
		}
	}
}

// seriesKey names a series: the metric, its labels and, of a histogram, the part.
// Formats write the bounds of buckets in different ways.
func seriesKey(l labels.Labels) string {
	name, isCount := strings.CutSuffix(l.Get("__name__"), "_count")
	key := name + labels.NewBuilder(l).Del("__name__", "le").Labels().String()
	if isCount {
		return key + " count"
	}
	if bound, err := strconv.ParseFloat(l.Get("le"), 64); err == nil {
		return fmt.Sprint(key, " le ", bound)
	}
	return key
}
