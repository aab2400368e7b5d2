package livepage_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Where latency is estimated, the page says once how to measure it.
func TestThePageSaysHowToMeasureLatency(t *testing.T) {
	t.Parallel()
	for latency, want := range map[livestatus.Latency]int{
		{}:                                   0,
		{Count: 1, Mean: time.Second}:        0,
		{Estimated: true, Mean: time.Second}: 1,
		{Estimated: true, Looks: 6}:          1,
	} {
		b := &board{}
		for _, name := range []string{"test:///a", "test:///b"} {
			st := open(even(2)...)
			st.Recent.Short.Latency, st.Recent.Long.Latency = latency, latency
			b.add(name, "p", st)
		}
		body := pagetest.Request(t, b.page(), http.MethodGet, "").Body.String()
		if got := strings.Count(body, "the option <code>WithLatency</code> measures it"); got != want {
			t.Errorf("latency %+v: %d hints, want %d", latency, got, want)
		}
		if tile := pagetest.Targets(t, pagetest.HTML(t, b.page(), ""))[0]["Mean latency, estimated"]; latency.Looks > 0 && tile != "< 5 ms 1 min: < 5 ms" {
			t.Errorf("tile %q, want the bound", tile)
		}
	}
}

// One target without latency is enough for the hint, wherever it is listed.
func TestTheHintIsForAnyTarget(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"test:///a", "test:///z"} {
		b := &board{}
		b.add("test:///m", "p", open(even(2)...))
		st := open(even(2)...)
		st.Recent.Short.Latency = livestatus.Latency{Estimated: true, Looks: 6}
		b.add(name, "p", st)
		if body := pagetest.Request(t, b.page(), http.MethodGet, "").Body.String(); !strings.Contains(body, "the option <code>WithLatency</code> measures it") {
			t.Errorf("no hint for %s", name)
		}
	}
}

// A backend that was never seen with an RPC in flight is faster than those that were, and
// one of which nothing is known comes last.
func TestAFastBackendIsSortedByItsBound(t *testing.T) {
	t.Parallel()
	backends := even(3)
	for i, l := range []livestatus.Latency{{}, {Estimated: true, Looks: 6, Seen: 1, Mean: time.Millisecond}, {Estimated: true, Looks: 6}} {
		backends[i].Recent.Short.Latency = l
	}
	b := &board{}
	b.list("test:///t", "p", backends...)
	for dir, want := range map[string][]string{"asc": {"< 10 ms", "~ 1 ms", ""}, "desc": {"~ 1 ms", "< 10 ms", ""}} {
		rows := pagetest.Rows(t, pagetest.HTML(t, b.page(), "sort=latency&dir="+dir), "list")
		if got := []string{rows[0][5], rows[1][5], rows[2][5]}; !cmp.Equal(got, want) {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
}
