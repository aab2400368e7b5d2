package livepage_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Rates and shares are those of the last seconds, whatever was before.
func TestThePageShowsWhatABackendDoesNow(t *testing.T) {
	t.Parallel()
	measured := livestatus.Latency{Count: 100, Mean: 12300 * time.Microsecond, P50: 10 * time.Millisecond, P95: 40 * time.Millisecond, P99: 1300 * time.Millisecond}
	estimated := livestatus.Latency{Mean: 80 * time.Microsecond, Estimated: true}
	unseen := livestatus.Latency{Estimated: true, Looks: 6}
	window := func(span time.Duration, picks, repicks, ended, failed uint64, l livestatus.Latency) livestatus.Window {
		return livestatus.Window{Span: span, Picks: picks, Repicks: repicks, Ended: ended, Failed: failed, Latency: l}
	}
	long := window(time.Minute, 600, 0, 600, 60, measured)
	tests := []struct {
		what   string
		recent livestatus.Recent
		want   []string // RPS, success, latency
	}{
		{"nothing is known", livestatus.Recent{}, []string{"", "", ""}},
		{"both windows", livestatus.Recent{Short: window(10*time.Second, 1000, 0, 990, 99, measured), Long: long}, []string{"100", "90 %", "12 ms p99 1.3 s"}},
		{"picks given up", livestatus.Recent{Short: window(10*time.Second, 1000, 955, 45, 0, measured), Long: long}, []string{"4.5", "100 %", "12 ms p99 1.3 s"}},
		{"few ended lately", livestatus.Recent{Short: window(10*time.Second, 2, 0, 2, 2, estimated), Long: long}, []string{"0.2", "90 %", "12 ms p99 1.3 s"}},
		{"nothing lately", livestatus.Recent{Short: window(10*time.Second, 0, 0, 0, 0, livestatus.Latency{}), Long: long}, []string{"0", "90 %", "12 ms p99 1.3 s"}},
		{"a long window only", livestatus.Recent{Long: long}, []string{"10", "90 %", "12 ms p99 1.3 s"}},
		{"estimated", livestatus.Recent{Short: window(5*time.Second, 15, 0, 15, 0, estimated)}, []string{"3", "100 %", "~ 80 µs"}},
		{"none seen in flight", livestatus.Recent{Short: window(10*time.Second, 240, 0, 240, 0, unseen)}, []string{"24", "100 %", "< 21 ms"}},
		{"none ended", livestatus.Recent{Short: window(10*time.Second, 0, 0, 0, 0, unseen)}, []string{"0", "", ""}},
		{"a short span", livestatus.Recent{Short: window(250*time.Millisecond, 12, 0, 12, 0, estimated)}, []string{"48", "100 %", "~ 80 µs"}},
	}
	for _, tt := range tests {
		one := backend("a", ready, ok(5000)...)
		one.RPCs[codes.Internal], one.Recent = 5000, tt.recent
		b := &board{}
		b.list("test:///t", "p", one)
		row := pagetest.Rows(t, pagetest.HTML(t, b.page(), ""), "list")[0]
		if diff := cmp.Diff(tt.want, row[3:6]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
	}
}

// What a backend did before it went down does not show.
func TestADeadBackendHasNoSuccess(t *testing.T) {
	t.Parallel()
	b := &board{}
	dead := with(even(1), 0, downFor(20*time.Second))[0]
	dead.Recent.Long = traffic(50, 0).Long
	dead.Recent.Short.Span = 10 * time.Second
	b.list("test:///t", "p", dead)
	row := pagetest.Rows(t, pagetest.HTML(t, b.page(), "sort=success"), "list")[0]
	if diff := cmp.Diff([]string{"0", "", "", ""}, row[3:7]); diff != "" {
		t.Errorf("RPS, success, latency and share (-want +got):\n%s", diff)
	}
}

// A backend that came back is up since then, not since it was first READY.
func TestThePageShowsSinceWhenABackendIsUp(t *testing.T) {
	t.Parallel()
	row := pagetest.Rows(t, pagetest.HTML(t, shop(3, after).page(), ""), "list")[0]
	if row[0] != "10.0.0.7:50051" || row[2] != "1m15s" {
		t.Errorf("row %q, want 10.0.0.7:50051 since 1m15s", row)
	}
}

func TestTilesOfATarget(t *testing.T) {
	t.Parallel()
	for at, want := range map[stage]map[string]string{
		before: {"RPS": "120", "Success": "100 %", "p99 latency": "45 ms", "Usable": "3 of 3", "Waiting": "0"},
		during: {"RPS": "80", "Success": "93 %", "p99 latency": "45 ms", "Usable": "2 of 3", "Waiting": "0"},
	} {
		b := &board{}
		b.add("test:///t", "p", incident(3, at))
		got := pagetest.Targets(t, pagetest.HTML(t, b.page(), ""))[0]
		for name, want := range want {
			if got, _, _ := strings.Cut(got[name], " 1 min:"); got != want {
				t.Errorf("%s: %s is %q, want %s", at, name, got, want)
			}
		}
	}
	b := &board{}
	st := open(even(2)...)
	st.Recent.Short.Latency = livestatus.Latency{Mean: 3 * time.Millisecond, Estimated: true}
	st.Recent.Long = livestatus.Window{Span: 34 * time.Second, Picks: 68, Ended: 68, Failed: 17}
	b.add("test:///t", "p", st)
	got := pagetest.Targets(t, pagetest.HTML(t, b.page(), ""))[0]
	if got["RPS"] != "100 34 s: 2" || got["Success"] != "100 % 34 s: 75 %" || got["Mean latency, estimated"] != "~ 3 ms" {
		t.Errorf("tiles %q", got)
	}

	st.Recent.Long.Span = 12 * time.Second // hardly longer than the short one, and so says the same
	b = &board{}
	b.add("test:///t", "p", st)
	if got := pagetest.Targets(t, pagetest.HTML(t, b.page(), ""))[0]["RPS"]; got != "100" {
		t.Errorf("RPS %q, want those of the short window alone", got)
	}
}

func TestJSONHasTheWindows(t *testing.T) {
	t.Parallel()
	a, b, c := picked("a", ready, 30), picked("b", ready, 10), picked("c", failure, 7)
	a.Recent = traffic(30, 3)
	a.Recent.Short.Latency = livestatus.Latency{Count: 300, Mean: 12 * time.Millisecond, P50: 10 * time.Millisecond, P95: 30 * time.Millisecond, P99: 45 * time.Millisecond}
	b.Recent.Long, c.Recent.Long.Ended = livestatus.Window{}, 0
	b.Recent.Short.Latency = livestatus.Latency{Mean: 1500 * time.Millisecond, Estimated: true}
	c.Recent.Short.Latency = livestatus.Latency{Estimated: true, Looks: 6}
	a.LastRPCError = livestatus.RPCError{Code: codes.Internal, Text: "broken", At: hourAgo}
	c.LastRPCError = livestatus.RPCError{Code: 99, Text: "odd", At: hourAgo}
	board := &board{}
	board.add("test:///t", "p", livestatus.Status{Backends: []livestatus.Backend{a, b, c, backend("d", ready)}, Recent: traffic(47, 3), History: history(1, before)[:2]})
	var got struct {
		Targets  []struct{ Recent, History any }
		Backends []struct {
			Recent any
			Error  any `json:"last_rpc_error"`
		}
	}
	if err := json.Unmarshal(pagetest.Request(t, board.page(), http.MethodGet, "format=json&sort=backend").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	all, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Targets":[{` +
		`"Recent":{"10s":{"errors_per_second":3,"rps":47,"span_seconds":10,"success_rate":0.93617},` +
		`"1m":{"errors_per_second":3,"rps":47,"span_seconds":60,"success_rate":0.93617}},` +
		`"History":[{"at":"2000-01-01T00:59:02Z","errors_per_second":0,"rps":40},{"at":"2000-01-01T00:59:04Z","errors_per_second":0,"rps":40.5}]}],` +
		`"Backends":[{"Recent":{"10s":{"errors_per_second":3,` +
		`"latency_seconds":{"count":300,"estimated":false,"mean":0.012,"p50":0.01,"p95":0.03,"p99":0.045},` +
		`"rps":30,"share":0.75,"span_seconds":10,"success_rate":0.9},` +
		`"1m":{"errors_per_second":3,"rps":30,"share":1,"span_seconds":60,"success_rate":0.9}},` +
		`"last_rpc_error":{"at":"2000-01-01T00:00:00Z","code":"INTERNAL","text":"broken"}},` +
		`{"Recent":{"10s":{"errors_per_second":0,"latency_seconds":{"count":0,"estimated":true,"mean":1.5},` +
		`"rps":10,"share":0.25,"span_seconds":10,"success_rate":1}},"last_rpc_error":null},` +
		`{"Recent":{"10s":{"errors_per_second":0,"latency_below_seconds":0.0714286,"rps":7,"share":0,"span_seconds":10,"success_rate":1},` +
		`"1m":{"errors_per_second":0,"rps":7,"share":0,"span_seconds":60}},` +
		`"last_rpc_error":{"at":"2000-01-01T00:00:00Z","code":"Code(99)","text":"odd"}},` +
		`{"Recent":{},"last_rpc_error":null}]}`
	if diff := cmp.Diff(want, string(all)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	row := pagetest.Rows(t, pagetest.HTML(t, board.page(), "sort=backend"), "list")[0]
	if want := "RPC 1h00m ago INTERNAL: broken"; row[8] != want {
		t.Errorf("the last errors are %q, want %q", row[8], want)
	}
}

func TestThePageDrawsTheLastMinute(t *testing.T) {
	t.Parallel()
	point := func(ago, span time.Duration, picks, failed uint64) livestatus.Point {
		return livestatus.Point{At: now.Add(-ago), Span: span, Picks: picks, Ended: picks, Failed: failed}
	}
	tests := []struct {
		points       []livestatus.Point
		rate, errors string
		words        string
	}{
		{nil, "", "", ""},
		{[]livestatus.Point{point(0, time.Second, 0, 0)}, "M118.0 24.0H120.0", "", "Last minute: 0 RPS, no errors"},
		{
			[]livestatus.Point{point(30*time.Second, 10*time.Second, 100, 0), point(0, 30*time.Second, 600, 150)},
			"M40.0 12.0H60.0V0.0H120.0", "M40.0 24.0H60.0V18.0H120.0V24H40.0Z", "Last minute: 10–20 RPS, up to 5 errors/s",
		},
		{
			[]livestatus.Point{point(30*time.Second, 5*time.Minute, 300, 0), point(-time.Second, 30*time.Second, 120, 0)},
			"M0.0 18.0H60.0V0.0H120.0", "", "Last minute: 1–4 RPS, no errors",
		},
		{ // more fail than begin, as those from before end
			[]livestatus.Point{point(0, time.Minute, 600, 1200)}, "M0.0 12.0H120.0", "M0.0 0.0H120.0V24H0.0Z", "Last minute: 10 RPS, up to 20 errors/s",
		},
		{[]livestatus.Point{point(0, 0, 9, 9)}, "M120.0 24.0H120.0", "", "Last minute: 0 RPS, no errors"},
	}
	for _, tt := range tests {
		b := &board{}
		b.add("test:///t", "p", livestatus.Status{History: tt.points})
		html := pagetest.HTML(t, b.page(), "")
		got := map[string]string{}
		for _, n := range html {
			if n.Tag == "path" {
				got[n.Attrs["class"]] = n.Attrs["d"]
			}
		}
		if words := pagetest.Targets(t, html)[0]["history"]; got["rate"] != tt.rate || got["errors"] != tt.errors || words != tt.words {
			t.Errorf("%v is drawn as %q, %q, want %q, %q and %q", tt.points, got, words, tt.rate, tt.errors, tt.words)
		}
	}
}
