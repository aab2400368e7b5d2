package metrics_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

// crowd gives m one target with many backends.
func crowd(tb testing.TB, m *metrics.Metrics, n int) {
	tb.Helper()
	backends := make([]listed, n)
	for i := range backends {
		backends[i] = listed{
			name:   fmt.Sprintf("10.0.%d.%d:50051", i/256, i%256),
			states: []connectivity.State{connecting, ready},
			ends:   []codes.Code{codes.OK, codes.OK, codes.OK, codes.Code(i % 17)},
			open:   i % 3,
		}
		if i%100 == 0 {
			backends[i].states = failed
			backends[i].err = fmt.Errorf("connection error: desc = \"transport: Error while dialing: dial tcp %s: connect: connection refused\"", backends[i].name)
		}
	}
	list(tb, m, "dns:///search.example.com:50051", "round_robin2", atOnce, backends...)
}

func TestPageOfTenThousandBackends(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("ten thousand backends take seconds with the race detector, which finds nothing in one goroutine")
	}
	m := metrics.New()
	crowd(t, m, 10_000)
	w := request(t, m, "sort=errors")
	page := pagetest.Scan(t, w.Body.String())
	if got := pagetest.Targets(t, page)[0]; got["READY"] != "9,900 of 10,000" || got["Usable"] != "9,900 of 10,000" || got["Picks"] != "49,999" {
		t.Errorf("the overview says %q", got)
	}
	if n := len(pagetest.Rows(t, page, "list")); n != 100 {
		t.Errorf("%d rows, want 100", n)
	}
	if n := w.Body.Len(); n > 150_000 {
		t.Errorf("the page has %d bytes, want at most 150,000", n)
	}
	if n := len(viewJSON(t, m, "").Backends); n != 10_000 {
		t.Errorf("JSON has %d backends, want 10,000", n)
	}
	if got := viewJSON(t, m, "page=100"); len(got.Backends) != 100 || got.Pages != 100 {
		t.Errorf("the last page has %d backends, of %d pages", len(got.Backends), got.Pages)
	}
}

// Many requests at once, while channels and backends come and go.
func TestPageWhileBackendsComeAndGo(t *testing.T) {
	t.Parallel()
	w := newShaken(t)
	policies := make([]*balancertest.Policy, len(w.channels))
	for i := range w.channels {
		policies[i] = w.churn(t, i, 1)
	}
	var shaking sync.WaitGroup
	for i := range policies {
		shaking.Go(func() {
			policies[i].Close()
			policies[i] = w.churn(t, i, 30)
		})
		shaking.Go(func() { w.pickAndEnd(1000) })
	}
	var readers []func()
	for _, query := range []string{"", "format=json", "sort=in_flight&state=not_ready", "q=ok&per_page=2", "sort=last_error&dir=asc"} {
		for _, m := range []*metrics.Metrics{w.keep, w.drop} {
			readers = append(readers, repeat(1, func() { checkPage(t, m, query) }))
		}
	}
	shaking.Wait()
	for _, stop := range readers {
		stop()
	}
	for _, p := range policies {
		p.Close()
	}
}

func checkPage(t *testing.T, m *metrics.Metrics, query string) {
	t.Helper()
	w := request(t, m, query)
	if body, err := io.ReadAll(w.Body); w.Code != http.StatusOK || err != nil || len(body) == 0 {
		t.Errorf("%s: %d with %d bytes, %v", query, w.Code, len(body), err)
	}
}

func BenchmarkPage(b *testing.B) {
	m := metrics.New()
	crowd(b, m, 10_000)
	small(b, m)
	alone := metrics.New()
	small(b, alone)
	for _, query := range []string{"", "sort=errors", "q=unavail&sort=picks", "per_page=1000", "format=json&page=1", "format=json"} {
		b.Run("10000/"+query, func(b *testing.B) { benchmarkPage(b, m, query) })
	}
	for name, m := range map[string]*metrics.Metrics{"beside 10000": m, "alone": alone} {
		for _, query := range []string{"target=test:///small", "target=test:///small&format=json"} {
			b.Run("2 "+name+"/"+query, func(b *testing.B) { benchmarkPage(b, m, query) })
		}
	}
}

func benchmarkPage(b *testing.B, m *metrics.Metrics, query string) {
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		size = request(b, m, query).Body.Len()
	}
	b.ReportMetric(float64(size), "bytes/page")
}
