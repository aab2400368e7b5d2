package livepage_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

func TestPageHasItsOwnStyleAndScriptOnly(t *testing.T) {
	t.Parallel()
	page := quads().page()
	w := pagetest.Request(t, page, http.MethodGet, "")
	csp := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'; ", "connect-src 'self'; ", "frame-ancestors 'none'", "base-uri 'none'; "} {
		if !strings.Contains(csp, want) {
			t.Errorf("the header %q lacks %q", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("the header %q allows too much", csp)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	inline := make(map[string]int)
	for _, n := range pagetest.Scan(t, w.Body.String()) {
		if n.Tag == "style" || n.Tag == "script" {
			inline[n.Tag]++
			sum := sha256.Sum256([]byte(n.Text))
			if want := fmt.Sprintf("%s-src 'sha256-%s'", n.Tag, base64.StdEncoding.EncodeToString(sum[:])); !strings.Contains(csp, want) {
				t.Errorf("the header %q does not allow the page's own %s: %s", csp, n.Tag, want)
			}
		}
		for _, name := range []string{"href", "src", "action"} {
			if v := n.Attrs[name]; v != "" && !strings.HasPrefix(v, "?") && !strings.HasPrefix(v, "data:") {
				t.Errorf("<%s %s=%q> leads elsewhere", n.Tag, name, v)
			}
		}
	}
	if inline["style"] != 1 || inline["script"] != 1 {
		t.Errorf("styles and scripts: %v, want one of each", inline)
	}
}

func TestPageMethods(t *testing.T) {
	t.Parallel()
	page := quads().page()
	for _, query := range []string{"", "?format=json", "?sort=x"} {
		got, head := pagetest.Request(t, page, http.MethodGet, query), pagetest.Request(t, page, http.MethodHead, query)
		if head.Code != got.Code || head.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d with %d bytes, want %d without a body", query, head.Code, head.Body.Len(), got.Code)
		}
		if n := got.Header().Get("Content-Length"); n != fmt.Sprint(got.Body.Len()) {
			t.Errorf("GET %s: Content-Length %s of %d bytes", query, n, got.Body.Len())
		}
		if a, b := got.Header().Get("Content-Type"), head.Header().Get("Content-Type"); a != b {
			t.Errorf("GET %s has type %q, HEAD %q", query, a, b)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch, "BREW"} {
		w := pagetest.Request(t, page, method, "")
		if allow := w.Header().Get("Allow"); w.Code != http.StatusMethodNotAllowed || allow != "GET, HEAD" {
			t.Errorf("%s: %d, Allow: %q, want 405 and GET, HEAD", method, w.Code, allow)
		}
	}
}

// All links of the page lead to the page, wherever it is mounted.
func TestPageLinksWorkWhereverItIsMounted(t *testing.T) {
	t.Parallel()
	page := quads().page()
	for _, mount := range []string{"/", "/debug/lb", "/a/b/"} {
		mux := http.NewServeMux()
		mux.Handle(mount, http.StripPrefix(strings.TrimSuffix(mount, "/"), page))
		server := httptest.NewServer(mux)
		for _, start := range []string{"", "?q=o&state=ready&sort=share&dir=asc&per_page=2&page=2", "?target=test:%2F%2F%2Fone&policy=p", "?page=9"} {
			links := pagetest.Hrefs(pagetest.Scan(t, pagetest.Get(t, server.URL+mount+start, "")))
			if len(links) < 10 {
				t.Errorf("%s%s has %d links, want more", mount, start, len(links))
			}
			for _, link := range slices.Compact(links) {
				if !strings.HasPrefix(link, "?") {
					t.Errorf("%s%s: the link %q is not relative", mount, start, link)
				}
				pagetest.Get(t, server.URL+mount+link, "")
			}
		}
		server.Close()
	}
}
