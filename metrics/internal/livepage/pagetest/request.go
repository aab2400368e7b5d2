package pagetest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Request requests the page like a browser.
func Request(tb testing.TB, page http.Handler, method, query string) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, "/", nil)
	r.URL.RawQuery = strings.TrimPrefix(query, "?")
	w := httptest.NewRecorder()
	page.ServeHTTP(w, r)
	return w
}

// Get requests the URL, accepting the type unless it is "", and returns the body.
func Get(tb testing.TB, url, accept string) string {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		tb.Fatalf("GET %s: %s, %v", url, resp.Status, err)
	}
	return string(body)
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

// Page is the part of the page's JSON that the tests use.
type Page struct {
	Time                 time.Time
	Targets              []Target
	Backends             []Backend
	Matched, Page, Pages int
}

// Target is a target of a [Page].
type Target struct {
	Target, Policy    string
	Summary, Severity string
	PolicyInstances   []Channel `json:"policy_instances"`
}

// Channel is a policy instance of a [Target].
type Channel struct{ Since time.Time }

// Backend is a backend of a [Page].
type Backend struct {
	Target, Policy, Backend string
	State, Condition        string
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
