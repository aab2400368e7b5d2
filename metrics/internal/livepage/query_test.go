package livepage_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

func TestPageRefusesBadParameters(t *testing.T) {
	t.Parallel()
	full, empty := quads(), &board{}
	for i := range 25 {
		full.list(fmt.Sprintf("test:///more%02d", i), "p")
	}
	tests := []struct {
		board *board
		query string
		want  []string // in the text
	}{
		{full, "format=xml", []string{"format", `"xml"`, "html, json"}},
		{full, "sort=size", []string{"sort", `"size"`, "worst, backend, target, state, since, rps, success, latency, share, in_flight, last_error, picks, errors, attempts"}},
		{full, "dir=up", []string{"dir", `"up"`, "asc, desc"}},
		{full, "state=down", []string{"state", `"down"`, "READY, CONNECTING, IDLE, TRANSIENT_FAILURE, UNUSABLE, NONE, NOT_READY, NOT_USABLE"}},
		{full, "page=0", []string{"page", `"0"`, "a whole number from 1"}},
		{full, "page=-1", []string{"page", `"-1"`}},
		{full, "page=1e3", []string{"page", `"1e3"`}},
		{full, "page=99999999999999999999", []string{"page", "a whole number from 1"}},
		{full, "per_page=0", []string{"per_page", "a whole number from 1 to 1000"}},
		{full, "per_page=1001", []string{"per_page", "a whole number from 1 to 1000"}},
		{full, "target=test:///three", []string{"target", `"test:///three"`, `"test:///more00", "test:///more01"`, "and 7 more"}},
		{full, "policy=x", []string{"policy", `"x"`, `valid: "p", "q"`}},
		{full, "target=test:///one&policy=q", []string{"policy", `"q"`, `valid: "p"`}},
		{empty, "target=x", []string{"target", "none yet"}},
		{full, "q=" + strings.Repeat("x", 201), []string{"q", "up to 200 bytes"}},
		{full, "sort=picks&sort=share", []string{"sort", "given 2 times"}},
		{full, "srot=picks", []string{`no parameter "srot"`, "format, q, target, policy, state, sort, dir, page, per_page"}},
		{full, "q=%zz", []string{"%zz", "write special characters as %XX"}},
		{full, "q=a;b", []string{"semicolon"}},
	}
	for _, tt := range tests {
		w := pagetest.Request(t, tt.board.page(), http.MethodGet, tt.query)
		_, problem := pagetest.Find(t, pagetest.Scan(t, w.Body.String()), "id", "problem")
		asJSON := pagetest.Request(t, tt.board.page(), http.MethodGet, "format=json&"+tt.query)
		if strings.HasPrefix(tt.query, "format=") {
			asJSON = w
		}
		if w.Code != http.StatusBadRequest || asJSON.Code != http.StatusBadRequest {
			t.Errorf("%s: %d, as JSON %d, want 400", tt.query, w.Code, asJSON.Code)
		}
		for _, want := range tt.want {
			if got := pagetest.TextOf(problem); !strings.Contains(got, want) {
				t.Errorf("%s: %q, want %q in it", tt.query, got, want)
			}
		}
		if body := asJSON.Body.String(); asJSON != w && !strings.HasPrefix(body, `{"error":{"parameter":"`) {
			t.Errorf("%s as JSON: %s", tt.query, body)
		}
	}
}

func TestLinksLeaveOutWhatIsTheDefault(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                                 "?",
		"format=HTML&page=1&per_page=100":  "?",
		"per_page=7&page=1&dir=ASC&q=a+b":  "?q=a+b&dir=asc&per_page=7",
		"policy=p&page=2&sort=Picks&state": "?policy=p&sort=picks&page=2",
	} {
		reload, _ := pagetest.Find(t, pagetest.HTML(t, quads().page(), query), "id", "reload")
		if got := reload.Attrs["href"]; got != want {
			t.Errorf("%s: the page is reloaded by %s, want %s", query, got, want)
		}
	}
}
