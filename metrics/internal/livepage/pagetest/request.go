package pagetest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Request asks for the page as a browser would.
func Request(tb testing.TB, page http.Handler, method, query string) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, "/", nil)
	r.URL.RawQuery = strings.TrimPrefix(query, "?")
	w := httptest.NewRecorder()
	page.ServeHTTP(w, r)
	return w
}

// HTML returns the page as HTML.
func HTML(tb testing.TB, page http.Handler, query string) []Node {
	tb.Helper()
	w := Request(tb, page, http.MethodGet, query)
	if w.Code != http.StatusOK {
		tb.Fatalf("%s: %d: %s", query, w.Code, w.Body)
	}
	return Scan(tb, w.Body.String())
}

// Page is the page as JSON, as far as the tests look at it.
type Page struct {
	Time                 time.Time
	Targets              []Target
	Backends             []Backend
	Matched, Page, Pages int
}

// Target is a target of a [Page].
type Target struct {
	Target, Policy string
	Channels       []Channel
}

// Channel is a policy instance of a [Target].
type Channel struct{ Since time.Time }

// Backend is a backend of a [Page].
type Backend struct {
	Target, Policy, Backend string
	Since                   time.Time
	LastErrorAt             time.Time `json:"last_connection_error_at"`
	ReadySubchannels        int       `json:"ready_subchannels"`
	UsableSubchannels       int       `json:"usable_subchannels"`
}

// JSON returns the page as JSON.
func JSON(tb testing.TB, page http.Handler, query string) Page {
	tb.Helper()
	w := Request(tb, page, http.MethodGet, query+"&format=json")
	var p Page
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusOK {
		tb.Fatalf("%s: %d, %v: %s", query, w.Code, err, w.Body)
	}
	return p
}

// Names returns the names of the page's backends.
func (p Page) Names() []string {
	names := make([]string, 0, len(p.Backends))
	for _, b := range p.Backends {
		names = append(names, b.Backend)
	}
	return names
}
