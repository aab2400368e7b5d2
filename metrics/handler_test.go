package metrics_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

// request requests m's page like a browser.
func request(tb testing.TB, m *metrics.Metrics, query string) *httptest.ResponseRecorder {
	tb.Helper()
	return pagetest.Request(tb, m.Handler(), http.MethodGet, query)
}

// view returns m's page as HTML.
func view(tb testing.TB, m *metrics.Metrics) []pagetest.Node {
	tb.Helper()
	return pagetest.HTML(tb, m.Handler(), "")
}

// viewJSON returns m's page as JSON.
func viewJSON(tb testing.TB, m *metrics.Metrics, query string) pagetest.Page {
	tb.Helper()
	return pagetest.JSON(tb, m.Handler(), query)
}

// trio gives m three backends: one works, one has failed after it worked, and one is
// connecting. Call it in a synctest bubble.
func trio(t *testing.T, m *metrics.Metrics) {
	t.Helper()
	s, cc, _ := metered(t, m)
	subConns := make(map[string]balancer.SubConn)
	for _, name := range []string{"a:1", "b:1", "c:1"} {
		subConns[name] = s.connect(t, name)
	}
	time.Sleep(time.Minute)
	rpcs := map[string][]error{
		"a:1": {nil, nil, nil, nil, status.Error(codes.NotFound, ""), status.Error(codes.Unavailable, ""), status.Error(codes.Unavailable, "")},
		"b:1": {nil},
	}
	for _, name := range []string{"a:1", "b:1"} {
		cc.SubConn(name).Ready()
		s.publish(balancer.PickResult{SubConn: subConns[name]}, nil)
		for _, err := range rpcs[name] {
			if _, pickErr := cc.RPC(err); pickErr != nil {
				t.Fatalf("RPC: %v", pickErr)
			}
		}
	}
	if _, err := cc.State().Picker.Pick(balancer.PickInfo{}); err != nil { // an RPC on b:1, which stays in flight
		t.Fatalf("pick: %v", err)
	}
	s.publish(balancer.PickResult{}, balancer.ErrNoSubConnAvailable)
	_, _ = cc.State().Picker.Pick(balancer.PickInfo{Ctx: t.Context()})
	time.Sleep(2 * time.Minute)
	cc.SubConn("b:1").Idle()
	subConns["b:1"].Connect()
	cc.SubConn("b:1").Fail(errors.New("dial b:1: refused"))
	cc.SubConn("c:1").Connecting()
	time.Sleep(13 * time.Second)
}

func TestPageTellsOfServersThatHangUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc, _ := metered(t, m)
		conn := s.connect(t, "a:1")
		for _, life := range []time.Duration{0, time.Minute, time.Millisecond} {
			cc.SubConn("a:1").Ready()
			time.Sleep(life)
			cc.SubConn("a:1").Idle()
			conn.Connect()
		}
		const want = "3 made, 3 lost (2 within 1s)"
		if got := pagetest.Rows(t, view(t, m), "list")[0]; !strings.HasSuffix(got[len(got)-1], want) {
			t.Errorf("row %q, want %q in it", got, want)
		}
	})
}

func TestPageShowsTargetsAndBackends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		trio(t, m)
		page := view(t, m)
		targets := []map[string]string{{
			"target": "test:///balancertest", "policy": "stub", "channels": "READY 2m13s", "severity": "warn",
			"summary": "1 of 3 backends down for 13 s (b:1); 1 of 3 backends connecting for 13 s (c:1)",
			"RPS":     "0", "Success": "–", "p99 latency": "–", "Usable": "1 of 3", "Waiting": "1",
			"history": "Last minute: 0.05 RPS, up to 0.02 errors/s",
			"changes": "13s ago b:1 cannot be reached: dial b:1: refused 13s ago b:1 lost its connection 2m13s ago b:1 connected",
			"earlier": "2m13s ago the channel became READY 2m13s ago a:1 connected 3m13s ago a channel got a policy instance",
			"READY":   "1 of 3", "Picks": "9", "Delayed": "1", "Failed": "0", "Folded": "0", "Imbalance": "–",
		}}
		if diff := cmp.Diff(targets, pagetest.Targets(t, page)); diff != "" {
			t.Errorf("targets (-want +got):\n%s", diff)
		}
		backends := [][]string{
			{"b:1", "DOWN TRANSIENT_FAILURE, 1 attempt failed", "13s", "0", "", "", "", "1", "13s ago dial b:1: refused", "2 picks OK 1 1 made, 1 failed, 1 lost"},
			{"c:1", "CONNECTING", "13s", "0", "", "", "", "0", "", "0 picks 0 made"},
			{"a:1", "READY", "2m13s", "0", "", "", "0 %", "0", "", "7 picks OK 4 UNAVAILABLE 2 NOT_FOUND 1 1 made"},
		}
		if diff := cmp.Diff(backends, pagetest.Rows(t, page, "list")); diff != "" {
			t.Errorf("backends (-want +got):\n%s", diff)
		}
		if _, title := pagetest.Find(t, page, "lang", "en"); !strings.Contains(pagetest.TextOf(title), "1 of 3 usable") {
			t.Errorf("the title does not say how many are usable")
		}
		since, _ := pagetest.Find(t, page, "datetime", "2000-01-01T00:01:00Z")
		if got := since.Attrs["title"]; got != "2000-01-01 00:01:00 UTC" {
			t.Errorf("the absolute time of a duration is %q", got)
		}
	})
}

// Programs rely on the JSON: a change of this text breaks them.
func TestPageAsJSON(t *testing.T) {
	t.Parallel()
	const want = `{
  "version": 1,
  "time": "2000-01-01T00:03:13Z",
  "targets": [
    {
      "target": "test:///balancertest", "policy": "stub",
      "policy_instances": [{"state": "READY", "since": "2000-01-01T00:01:00Z"}],
      "backends": 3, "backends_ready": 1, "backends_usable": 1,
      "picks": 9, "picks_delayed": 1, "picks_failed": 0, "waiting": 1, "folded_subchannels": 0,
      "imbalance": 0,
      "summary": "1 of 3 backends down for 13 s (b:1); 1 of 3 backends connecting for 13 s (c:1)", "severity": "warn",
      "backends_present": 3, "backends_down": 1,
      "recent": {
        "10s": {"span_seconds": 0.25, "rps": 0, "errors_per_second": 0},
        "1m": {"span_seconds": 0.25, "rps": 0, "errors_per_second": 0}
      },
      "history": [
        {"at": "2000-01-01T00:03:13Z", "rps": 0.046632124352331605, "errors_per_second": 0.015544041450777202}
      ],
      "events": [
        {"at": "2000-01-01T00:03:00Z", "kind": "connect_failed", "backend": "b:1", "text": "dial b:1: refused", "n": 1},
        {"at": "2000-01-01T00:03:00Z", "kind": "lost", "backend": "b:1", "n": 1},
        {"at": "2000-01-01T00:01:00Z", "kind": "connected", "backend": "b:1", "n": 1},
        {"at": "2000-01-01T00:01:00Z", "kind": "instance_state", "text": "READY", "n": 1},
        {"at": "2000-01-01T00:01:00Z", "kind": "connected", "backend": "a:1", "n": 1},
        {"at": "2000-01-01T00:00:00Z", "kind": "instance_built", "n": 1}
      ]
    }
  ],
  "matched": 3,
  "backends": [
    {
      "target": "test:///balancertest", "policy": "stub", "backend": "b:1",
      "state": "TRANSIENT_FAILURE", "since": "2000-01-01T00:03:00Z", "subchannels": 1, "ready_subchannels": 0, "usable_subchannels": 0,
      "picks": 2, "share": 0.2222222222222222, "repicks": 0, "in_flight": 1,
      "rpcs": {"OK": 1},
      "connection_attempts_succeeded": 1, "connection_attempts_failed": 1, "disconnections": 1,
      "last_connection_error": "dial b:1: refused", "last_connection_error_at": "2000-01-01T00:03:00Z",
      "condition": "down", "down_since": "2000-01-01T00:03:00Z", "failed_attempts": 1,
      "recent": {
        "10s": {"span_seconds": 0.25, "rps": 0, "errors_per_second": 0, "share": 0},
        "1m": {"span_seconds": 0.25, "rps": 0, "errors_per_second": 0, "share": 0}
      }
    },
    {
      "target": "test:///balancertest", "policy": "stub", "backend": "c:1",
      "state": "CONNECTING", "since": "2000-01-01T00:03:00Z", "subchannels": 1, "ready_subchannels": 0, "usable_subchannels": 0,
      "picks": 0, "share": 0, "repicks": 0, "in_flight": 0,
      "rpcs": {},
      "connection_attempts_succeeded": 0, "connection_attempts_failed": 0, "disconnections": 0,
      "condition": "connecting",
      "recent": {
        "10s": {"span_seconds": 0.25, "rps": 0, "errors_per_second": 0, "share": 0},
        "1m": {"span_seconds": 0.25, "rps": 0, "errors_per_second": 0, "share": 0}
      }
    },
    {
      "target": "test:///balancertest", "policy": "stub", "backend": "a:1",
      "state": "READY", "since": "2000-01-01T00:01:00Z", "subchannels": 1, "ready_subchannels": 1, "usable_subchannels": 1,
      "picks": 7, "share": 0.7777777777777778, "repicks": 0, "in_flight": 0,
      "rpcs": {"NOT_FOUND": 1, "OK": 4, "UNAVAILABLE": 2},
      "connection_attempts_succeeded": 1, "connection_attempts_failed": 0, "disconnections": 0,
      "condition": "ok", "up_since": "2000-01-01T00:01:00Z",
      "recent": {
        "10s": {"span_seconds": 0.25, "rps": 0, "errors_per_second": 0, "share": 0},
        "1m": {"span_seconds": 0.25, "rps": 0, "errors_per_second": 0, "share": 0}
      }
    }
  ]
}`
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		trio(t, m)
		w := request(t, m, "?format=json")
		if got := w.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("Content-Type = %q", got)
		}
		if diff := cmp.Diff(indented(t, want), indented(t, w.Body.String())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		empty := request(t, metrics.New(), "?format=json&page=3").Body.String()
		// The first look at the other's target took a moment.
		if want := `{"version":1,"time":"2000-01-01T00:03:13.25Z","targets":[],"matched":0,"page":3,"per_page":100,"pages":1,"backends":[]}` + "\n"; empty != want {
			t.Errorf("without a channel: %s, want %s", empty, want)
		}
	})
}

func indented(t *testing.T, s string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPageWithoutAChannel(t *testing.T) {
	t.Parallel()
	page := view(t, metrics.New(metrics.WithRetention(90*time.Second)))
	_, overview := pagetest.Find(t, page, "id", "overview")
	for _, want := range []string{"No channel with an instrumented policy has been made yet.", "stays for 1m30s"} {
		if got := pagetest.TextOf(overview); !strings.Contains(got, want) {
			t.Errorf("the page says %q, want %q", got, want)
		}
	}
}
