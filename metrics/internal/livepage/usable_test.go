package livepage_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// watched returns a backend with READY subchannels that are usable ("") or not, and
// one verdict, a minute ago.
func watched(name string, verdict livestatus.Verdict, unusable ...string) livestatus.Backend {
	b := livestatus.Backend{Name: name, Picks: 10, Verdict: verdict}
	if verdict.Reason != "" {
		b.Verdict.At = now.Add(-time.Minute)
	}
	for _, reason := range unusable {
		b.AddSubchannel(ready, reason, hourAgo)
	}
	return b
}

func TestPageTellsWhyAReadyBackendIsNotUsable(t *testing.T) {
	t.Parallel()
	sick := livestatus.Verdict{Reason: "unhealthy", Err: errors.New("NOT_SERVING")}
	failing := backend("a", failure)
	failing.Verdict = livestatus.Verdict{Reason: "unhealthy", Err: errors.New("NOT_SERVING"), At: now.Add(-time.Minute)}
	refusedSince := failing
	refusedSince.LastErrorAt = now
	tests := []struct {
		backend       livestatus.Backend
		state, class  string
		ready, usable int
	}{
		{watched("a", livestatus.Verdict{}, ""), "READY", "ready", 1, 1},
		{watched("a", sick, "unhealthy"), "READY 0 of 1 usable: unhealthy 1m00s ago NOT_SERVING", "unusable", 1, 0},
		{watched("a", livestatus.Verdict{Reason: "ejected"}, "ejected"), "READY 0 of 1 usable: ejected 1m00s ago", "unusable", 1, 0},
		{watched("a", livestatus.Verdict{}, "unchecked"), "READY 0 of 1 usable: unchecked", "unusable", 1, 0},
		{watched("a", sick, "unhealthy", ""), "READY best of 2 subchannels, 1 of 2 usable: unhealthy 1m00s ago NOT_SERVING", "ready", 2, 1},
		{watched("a", sick, "unhealthy", "ejected"), "READY best of 2 subchannels, 0 of 2 usable: ejected, unhealthy 1m00s ago NOT_SERVING", "unusable", 2, 0},
		{watched("a", sick, ""), "READY", "ready", 1, 1}, // it has recovered
		{failing, "DOWN TRANSIENT_FAILURE 1m00s ago NOT_SERVING", "down", 0, 0},
		{refusedSince, "DOWN TRANSIENT_FAILURE", "down", 0, 0},
	}
	for _, tt := range tests {
		b := &board{}
		b.list("test:///t", "p", tt.backend)
		body := pagetest.Request(t, b.page(), http.MethodGet, "").Body.String()
		if got := pagetest.Rows(t, pagetest.Scan(t, body), "list")[0][1]; got != tt.state {
			t.Errorf("state %q, want %q", got, tt.state)
		}
		if want := `<td class="state"><span class="is ` + tt.class + `">`; !strings.Contains(body, want) || !strings.Contains(body, "."+tt.class+".is::before {") {
			t.Errorf("%s: the class %s is not both used and in the style sheet", tt.state, tt.class)
		}
		asJSON := pagetest.JSON(t, b.page(), "").Backends[0]
		if asJSON.ReadySubchannels != tt.ready || asJSON.UsableSubchannels != tt.usable {
			t.Errorf("%s: JSON has %+v, want %d READY and %d usable", tt.state, asJSON, tt.ready, tt.usable)
		}
	}
}

func TestJSONTellsWhyABackendIsNotUsable(t *testing.T) {
	t.Parallel()
	b := &board{}
	b.list("test:///t", "p",
		watched("a", livestatus.Verdict{Reason: "unhealthy", Err: errors.New("NOT_SERVING")}, "unhealthy", "ejected", "unhealthy", ""),
		watched("b", livestatus.Verdict{Reason: "ejected"}, ""))
	body := pagetest.Request(t, b.page(), http.MethodGet, "format=json").Body.String()
	for _, want := range []string{
		`"backends":2,"backends_ready":2,"backends_usable":2`,
		`"state":"READY","since":"2000-01-01T00:00:00Z","subchannels":4,"ready_subchannels":4,"usable_subchannels":1,"unusable_subchannels":{"ejected":1,"unhealthy":2}`,
		`"last_unusable_reason":"unhealthy","last_unusable_error":"NOT_SERVING","last_unusable_at":"2000-01-01T00:59:00Z","condition":"ok",`,
		`"ready_subchannels":1,"usable_subchannels":1,"picks"`,
		`"last_unusable_reason":"ejected","last_unusable_at":"2000-01-01T00:59:00Z","condition":"ok",`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("JSON lacks %s: %s", want, body)
		}
	}
}

// sickbay is a target with backends in every state.
func sickbay() *board {
	b := &board{}
	b.list("test:///t", "p",
		watched("sick", livestatus.Verdict{Reason: "unhealthy"}, "unhealthy"),
		watched("outlier", livestatus.Verdict{Reason: "ejected"}, "ejected"),
		watched("half", livestatus.Verdict{Reason: "ejected"}, "ejected", ""),
		watched("well", livestatus.Verdict{}, ""),
		backend("connecting", connecting), backend("failing", failure), backend("idle", idle), gone(backend("none", ready)))
	return b
}

func TestPageFiltersAndSortsUnusableBackends(t *testing.T) {
	t.Parallel()
	page := sickbay().page()
	for query, want := range map[string]string{
		"state=unusable":       "outlier sick",
		"state=ready":          "half well",
		"state=not_ready":      "failing outlier sick connecting idle none",
		"state=not_usable":     "failing outlier sick connecting idle",
		"q=ejected":            "outlier half",
		"q=unusable":           "outlier sick",
		"sort=state":           "failing idle connecting outlier sick half well none",
		"sort=state&dir=desc":  "none half well outlier sick connecting idle failing",
		"state=unusable&q=sic": "sick",
	} {
		if got := strings.Join(pagetest.JSON(t, page, query).Names(), " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestOverviewCountsUsableBackends(t *testing.T) {
	t.Parallel()
	html := pagetest.HTML(t, sickbay().page(), "")
	target := pagetest.Targets(t, html)[0]
	if got := []string{target["Usable"], target["READY"]}; !slices.Equal(got, []string{"2 of 7", "4 of 8"}) {
		t.Errorf("usable and READY are %q, want 2 of 7 that have a subchannel, and 4 of all 8", got)
	}
	if _, title := pagetest.Find(t, html, "lang", "en"); !strings.Contains(pagetest.TextOf(title), "2 of 7 usable") {
		t.Error("the title does not tell how many are usable")
	}
	for want, unusable := range map[string][]string{"": {""}, "bad": {"ejected"}, "wait": {"", "ejected"}} {
		b := &board{}
		backends := make([]livestatus.Backend, 0, 2)
		for i, reason := range unusable {
			backends = append(backends, watched(string(rune('a'+i)), livestatus.Verdict{}, reason))
		}
		b.list("test:///t", "p", backends...)
		var classes []string
		for _, n := range pagetest.HTML(t, b.page(), "") {
			if n.Tag == "dd" && n.Attrs["class"] != "" {
				classes = append(classes, n.Attrs["class"])
			}
		}
		if got := strings.Join(classes, " "); got != want {
			t.Errorf("%q: the tiles have the classes %q, want %q", unusable, got, want)
		}
	}
}

// Backends that get no picks do not count for the imbalance of the others.
func TestImbalanceIsThatOfUsableBackends(t *testing.T) {
	t.Parallel()
	ejected := watched("b", livestatus.Verdict{}, "ejected")
	ejected.Recent = traffic(1, 0)
	half := watched("b", livestatus.Verdict{}, "ejected", "")
	half.Recent = traffic(30, 0)
	for want, backends := range map[string][]livestatus.Backend{
		"1.00": {picked("a", ready, 10), ejected, backend("c", connectivity.Idle)},
		"1.50": {picked("a", ready, 10), half},
		"–":    {ejected},
	} {
		b := &board{}
		b.list("test:///t", "p", backends...)
		if got := pagetest.Targets(t, pagetest.HTML(t, b.page(), ""))[0]["Imbalance"]; got != want {
			t.Errorf("imbalance %s, want %s", got, want)
		}
	}
}
