package livepage_test

import (
	"errors"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

// quads has two targets, one of them under two policies.
func quads() *board {
	b := &board{}
	b.list("test:///one", "p",
		backend("o1", ready, codes.OK),
		backend("o2", ready, codes.OK, codes.NotFound),
		refused("o3", errors.New("refused")),
		backend("o4", ready),
		backend("o5", ready))
	b.list("test:///two", "q", gone(backend("x1", ready, codes.Unavailable)))
	b.list("test:///two", "p", backend("x1", ready), backend("o1", idle))
	return b
}

func TestPageFilters(t *testing.T) {
	t.Parallel()
	page := quads().page()
	tests := []struct{ query, want, targets string }{
		{"", "o3 o1 o2 o4 o5 x1 o1 x1", "one/p two/p two/q"},
		{"q=&state=&sort=&dir=&page=&per_page=&target=&policy=", "o3 o1 o2 o4 o5 x1 o1 x1", "one/p two/p two/q"},
		{"q=o1", "o1 o1", "one/p two/p two/q"},
		{"q=O1", "o1 o1", "one/p two/p two/q"},
		{"q=nsient_f", "o3", "one/p two/p two/q"},
		{"q=not_found", "o2", "one/p two/p two/q"},
		{"q=unavailable", "x1", "one/p two/p two/q"},
		{"q=none", "x1", "one/p two/p two/q"},
		{"q=nothing+like+it", "", "one/p two/p two/q"},
		{"state=READY", "o1 o2 o4 o5 x1", "one/p two/p two/q"},
		{"state=not_ready", "o3 o1 x1", "one/p two/p two/q"},
		{"state=IDLE", "o1", "one/p two/p two/q"},
		{"state=NONE", "x1", "one/p two/p two/q"},
		{"state=CONNECTING", "", "one/p two/p two/q"},
		{"state=not_ready&q=o", "o3 o1 x1", "one/p two/p two/q"},
		{"state=ready&q=ok", "o1 o2", "one/p two/p two/q"},
		{"target=test:///two", "x1 o1 x1", "two/p two/q"},
		{"policy=p", "o3 o1 o2 o4 o5 x1 o1", "one/p two/p"},
		{"target=test:///two&policy=q", "x1", "two/q"},
		{"target=test:///one&policy=p&state=transient_failure", "o3", "one/p"},
	}
	for _, tt := range tests {
		got := pagetest.JSON(t, page, tt.query)
		var targets []string
		for _, target := range got.Targets {
			targets = append(targets, strings.TrimPrefix(target.Target, "test:///")+"/"+target.Policy)
		}
		if names := strings.Join(got.Names(), " "); names != tt.want || strings.Join(targets, " ") != tt.targets || got.Matched != len(got.Backends) {
			t.Errorf("%s: %q of %q, %d in all, want %q of %q", tt.query, names, targets, got.Matched, tt.want, tt.targets)
		}
		var shown []string
		for _, row := range pagetest.Rows(t, pagetest.HTML(t, page, tt.query), "list") {
			if len(row) > 1 {
				shown = append(shown, strings.Fields(row[0])[0])
			}
		}
		if names := strings.Join(shown, " "); names != tt.want {
			t.Errorf("%s: the page has %q, want %q", tt.query, names, tt.want)
		}
	}
}

func TestPageFindsBackendsInUpperAndLowerCase(t *testing.T) {
	t.Parallel()
	b := &board{}
	b.list("test:///t", "p", backend("Pod-A.Example:443", idle), backend("pod-b.example:443", idle), backend("ÄRGER:443", idle))
	page := b.page()
	for query, want := range map[string]string{
		"q=pod":      "Pod-A.Example:443 pod-b.example:443",
		"q=POD":      "Pod-A.Example:443 pod-b.example:443",
		"q=pod-a":    "Pod-A.Example:443",
		"q=Pod-A.E":  "Pod-A.Example:443",
		"q=pOD-B":    "pod-b.example:443",
		"q=%C3%A4rg": "ÄRGER:443",
	} {
		if got := strings.Join(pagetest.JSON(t, page, query).Names(), " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// A link to another list leads to the first page of it.
func TestPageLinksToOtherListsStartAtTheirFirstPage(t *testing.T) {
	t.Parallel()
	page := quads().page()
	for query, want := range map[string]int{ // links to other lists
		"page=3&per_page=1":                                     len(pageColumns) + 3 + 2,         // one for each target, and for what is not usable of two
		"page=2&per_page=1&target=test:///two":                  len(pageColumns) + 2 + 1 + 1,     // and to all targets
		"page=2&per_page=1&policy=p&q=o&state=ready&sort=since": len(pageColumns) + 2 + 2 + 2 + 1, // and to all backends, and to the worst first
	} {
		links := 0
		for _, n := range pagetest.HTML(t, page, query) {
			href, id := n.Attrs["href"], n.Attrs["id"]
			if n.Tag != "a" || !strings.HasPrefix(href, "?") || slices.Contains([]string{"reload", "json", "first", "prev", "next", "last"}, id) {
				continue
			}
			u, err := url.Parse(href)
			if err != nil {
				t.Fatal(err)
			}
			links++
			if q := u.Query(); q.Has("page") || q.Get("per_page") != "1" {
				t.Errorf("%s: the link %s leads to %s, want page 1 of as many", query, id, href)
			}
		}
		if links != want {
			t.Errorf("%s: %d links to other lists, want %d", query, links, want)
		}
	}
}

// pageColumns are the columns by which the list can be sorted.
var pageColumns = strings.Fields("backend target state since rps success latency share in_flight last_error picks errors attempts")

func TestPageFormHasTheParameters(t *testing.T) {
	t.Parallel()
	html := pagetest.HTML(t, quads().page(), "target=test:///two&policy=p&q=%22x&state=ready&sort=picks&dir=asc&per_page=7&page=2")
	_, form := pagetest.Find(t, html, "id", "filter")
	got := make(map[string]string)
	name := ""
	for _, n := range form {
		if n.Attrs["name"] != "" {
			name = n.Attrs["name"]
		}
		if _, selected := n.Attrs["selected"]; selected || n.Tag == "input" {
			got[name] = n.Attrs["value"]
		}
	}
	want := map[string]string{"target": "test:///two", "policy": "p", "q": `"x`, "state": "READY", "sort": "picks", "dir": "asc", "per_page": "7"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPageIsCutIntoPages(t *testing.T) {
	t.Parallel()
	page := quads().page()
	tests := []struct{ query, want, caption, links string }{
		{"", "o3 o1 o2 o4 o5 x1 o1 x1", "8 backends, the worst first", ""},
		{"per_page=3", "o3 o1 o2", "Backends 1 to 3 of 8, the worst first", "next=2 last=3"},
		{"per_page=3&page=2", "o4 o5 x1", "Backends 4 to 6 of 8, the worst first", "first= prev= next=3 last=3"},
		{"per_page=3&page=3", "o1 x1", "Backends 7 to 8 of 8, the worst first", "first= prev=2"},
		{"per_page=3&page=4", "", "Backends", "first= prev=3 last=3"},
		{"per_page=3&page=" + strconv.Itoa(math.MaxInt), "", "Backends", "first= prev=3 last=3"},
		{"per_page=1&q=x1", "x1", "Backends 1 to 1 of 2, filtered from 8 Show all", "next=2 last=2"},
		{"q=o3", "o3", "1 backend, filtered from 8 Show all", ""},
		{"q=zzz", "", "Backends, filtered from 8 Show all", ""},
	}
	for _, tt := range tests {
		html := pagetest.HTML(t, page, tt.query)
		var names, links []string
		for _, row := range pagetest.Rows(t, html, "list") {
			if len(row) > 1 {
				names = append(names, strings.Fields(row[0])[0])
			}
		}
		_, in := pagetest.Find(t, html, "id", "list")
		start := slices.IndexFunc(in, func(n pagetest.Node) bool { return n.Tag == "caption" })
		end := slices.IndexFunc(in, func(n pagetest.Node) bool { return n.Tag == "/caption" })
		for _, id := range []string{"first", "prev", "next", "last"} {
			if i := slices.IndexFunc(in, func(n pagetest.Node) bool { return n.Attrs["id"] == id }); i >= 0 {
				u, err := url.Parse(in[i].Attrs["href"])
				if err != nil {
					t.Fatal(err)
				}
				links = append(links, id+"="+u.Query().Get("page"))
			}
		}
		got := []string{strings.Join(names, " "), pagetest.TextOf(in[start:end]), strings.Join(links, " ")}
		if diff := cmp.Diff([]string{tt.want, tt.caption, tt.links}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.query, diff)
		}
	}
	for query, want := range map[string]pagetest.Page{
		"":                  {Matched: 8},
		"page=1":            {Matched: 8, Page: 1, Pages: 1},
		"per_page=3":        {Matched: 8, Page: 1, Pages: 3},
		"per_page=3&page=3": {Matched: 8, Page: 3, Pages: 3},
		"per_page=3&page=4": {Matched: 8, Page: 4, Pages: 3},
	} {
		got := pagetest.JSON(t, page, query)
		if n := len(got.Backends); query == "" && n != 8 || query == "per_page=3&page=3" && n != 2 || query == "per_page=3&page=4" && n != 0 {
			t.Errorf("JSON %s: %d backends", query, n)
		}
		got.Backends, got.Targets, got.Time = nil, nil, time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("JSON %s (-want +got):\n%s", query, diff)
		}
	}
}
