package metrics_test

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
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// listed is a backend that a test puts on the page.
type listed struct {
	name   string
	states []connectivity.State // of its subchannel, in turn
	err    error                // of each TRANSIENT_FAILURE
	ends   []codes.Code         // of its RPCs
	open   int                  // RPCs that go on
	gone   bool                 // the subchannel is shut down in the end
}

// list makes a channel to the backends. It calls between before each state.
func list(tb testing.TB, m *metrics.Metrics, target, policy string, between func(), backends ...listed) {
	tb.Helper()
	u, err := url.Parse(target)
	if err != nil {
		tb.Fatal(err)
	}
	cc, s := &looseConn{}, &stub{name: policy}
	m.Instrument(s).Build(cc, balancer.BuildOptions{Target: resolver.Target{URL: *u}})
	for i, b := range backends {
		sc := s.connect(tb, b.name)
		for _, state := range b.states {
			between()
			cc.made[i].listener(balancer.SubConnState{ConnectivityState: state, ConnectionError: b.err})
		}
		s.publish(balancer.PickResult{SubConn: sc}, nil)
		for _, code := range b.ends {
			res, _ := cc.picker.Pick(balancer.PickInfo{})
			res.Done(balancer.DoneInfo{Err: status.Error(code, ""), BytesSent: true, BytesReceived: true})
		}
		for range b.open {
			_, _ = cc.picker.Pick(balancer.PickInfo{})
		}
		if b.gone {
			sc.Shutdown()
		}
	}
}

func atOnce() {}

// quads gives m two targets, one of them under two policies.
func quads(tb testing.TB, m *metrics.Metrics) {
	tb.Helper()
	list(tb, m, "test:///one", "p", atOnce,
		listed{name: "o1", states: up, ends: []codes.Code{codes.OK}},
		listed{name: "o2", states: up, ends: []codes.Code{codes.OK, codes.NotFound}},
		listed{name: "o3", states: []connectivity.State{connecting, failure}, err: errors.New("refused")},
		listed{name: "o4", states: up},
		listed{name: "o5", states: up})
	list(tb, m, "test:///two", "p", atOnce, listed{name: "x1", states: up}, listed{name: "o1"})
	list(tb, m, "test:///two", "q", atOnce, listed{name: "x1", states: up, ends: []codes.Code{codes.Unavailable}, gone: true})
}

func TestPageFilters(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	quads(t, m)
	tests := []struct{ query, want, targets string }{
		{"", "o1 o2 o3 o4 o5 o1 x1 x1", "one/p two/p two/q"},
		{"q=&state=&sort=&dir=&page=&per_page=&target=&policy=", "o1 o2 o3 o4 o5 o1 x1 x1", "one/p two/p two/q"},
		{"q=o1", "o1 o1", "one/p two/p two/q"},
		{"q=O1", "o1 o1", "one/p two/p two/q"},
		{"q=nsient_f", "o3", "one/p two/p two/q"},
		{"q=notfound", "o2", "one/p two/p two/q"},
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
		{"target=test:///two", "o1 x1 x1", "two/p two/q"},
		{"policy=p", "o1 o2 o3 o4 o5 o1 x1", "one/p two/p"},
		{"target=test:///two&policy=q", "x1", "two/q"},
		{"target=test:///one&policy=p&state=transient_failure", "o3", "one/p"},
	}
	for _, tt := range tests {
		got := viewJSON(t, m, tt.query)
		var targets []string
		for _, target := range got.Targets {
			targets = append(targets, strings.TrimPrefix(target.Target, "test:///")+"/"+target.Policy)
		}
		if names := strings.Join(got.backends(), " "); names != tt.want || strings.Join(targets, " ") != tt.targets || got.Matched != len(got.Backends) {
			t.Errorf("%s: %q of %q, %d in all, want %q of %q", tt.query, names, targets, got.Matched, tt.want, tt.targets)
		}
		var shown []string
		for _, row := range rows(t, view(t, m, tt.query), "list") {
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
	m := metrics.New()
	list(t, m, "test:///t", "p", atOnce, listed{name: "Pod-A.Example:443"}, listed{name: "pod-b.example:443"}, listed{name: "ÄRGER:443"})
	for query, want := range map[string]string{
		"q=pod":      "Pod-A.Example:443 pod-b.example:443",
		"q=POD":      "Pod-A.Example:443 pod-b.example:443",
		"q=pod-a":    "Pod-A.Example:443",
		"q=Pod-A.E":  "Pod-A.Example:443",
		"q=pOD-B":    "pod-b.example:443",
		"q=%C3%A4rg": "ÄRGER:443",
	} {
		if got := strings.Join(viewJSON(t, m, query).backends(), " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// What leads to another list leads to its first page.
func TestPageLinksToOtherListsStartAtTheirFirstPage(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	quads(t, m)
	for query, want := range map[string]int{ // links to other lists
		"page=3&per_page=1":                                     len(pageColumns) + 3,     // one for each target
		"page=2&per_page=1&target=test:///two":                  len(pageColumns) + 2 + 1, // and to all targets
		"page=2&per_page=1&policy=p&q=o&state=ready&sort=since": len(pageColumns) + 2 + 2, // and to all backends
	} {
		links := 0
		for _, n := range view(t, m, query) {
			href, id := n.attrs["href"], n.attrs["id"]
			if n.tag != "a" || !strings.HasPrefix(href, "?") || slices.Contains([]string{"reload", "json", "first", "prev", "next", "last"}, id) {
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

// pageColumns are what the list can be sorted by.
var pageColumns = strings.Fields("backend target state since picks share in_flight errors attempts last_error")

func TestPageFormHasTheParameters(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	quads(t, m)
	page := view(t, m, "target=test:///two&policy=p&q=%22x&state=ready&sort=picks&dir=asc&per_page=7&page=2")
	_, form := find(t, page, "id", "filter")
	got := make(map[string]string)
	name := ""
	for _, n := range form {
		if n.attrs["name"] != "" {
			name = n.attrs["name"]
		}
		if _, selected := n.attrs["selected"]; selected || n.tag == "input" {
			got[name] = n.attrs["value"]
		}
	}
	want := map[string]string{"target": "test:///two", "policy": "p", "q": `"x`, "state": "READY", "sort": "picks", "dir": "asc", "per_page": "7"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPageIsCutIntoPages(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	quads(t, m)
	tests := []struct{ query, want, caption, links string }{
		{"", "o1 o2 o3 o4 o5 o1 x1 x1", "8 backends", ""},
		{"per_page=3", "o1 o2 o3", "Backends 1 to 3 of 8", "next=2 last=3"},
		{"per_page=3&page=2", "o4 o5 o1", "Backends 4 to 6 of 8", "first= prev= next=3 last=3"},
		{"per_page=3&page=3", "x1 x1", "Backends 7 to 8 of 8", "first= prev=2"},
		{"per_page=3&page=4", "", "Backends", "first= prev=3 last=3"},
		{"per_page=3&page=" + strconv.Itoa(math.MaxInt), "", "Backends", "first= prev=3 last=3"},
		{"per_page=1&q=x1", "x1", "Backends 1 to 1 of 2, filtered from 8 Show all", "next=2 last=2"},
		{"q=o3", "o3", "1 backend, filtered from 8 Show all", ""},
		{"q=zzz", "", "Backends, filtered from 8 Show all", ""},
	}
	for _, tt := range tests {
		page := view(t, m, tt.query)
		var names, links []string
		for _, row := range rows(t, page, "list") {
			if len(row) > 1 {
				names = append(names, strings.Fields(row[0])[0])
			}
		}
		_, in := find(t, page, "id", "list")
		start := slices.IndexFunc(in, func(n node) bool { return n.tag == "caption" })
		end := slices.IndexFunc(in, func(n node) bool { return n.tag == "/caption" })
		for _, id := range []string{"first", "prev", "next", "last"} {
			if i := slices.IndexFunc(in, func(n node) bool { return n.attrs["id"] == id }); i >= 0 {
				u, err := url.Parse(in[i].attrs["href"])
				if err != nil {
					t.Fatal(err)
				}
				links = append(links, id+"="+u.Query().Get("page"))
			}
		}
		got := []string{strings.Join(names, " "), textOf(in[start:end]), strings.Join(links, " ")}
		if diff := cmp.Diff([]string{tt.want, tt.caption, tt.links}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.query, diff)
		}
	}
	for query, want := range map[string]seen{
		"":                  {Matched: 8},
		"page=1":            {Matched: 8, Page: 1, Pages: 1},
		"per_page=3":        {Matched: 8, Page: 1, Pages: 3},
		"per_page=3&page=3": {Matched: 8, Page: 3, Pages: 3},
		"per_page=3&page=4": {Matched: 8, Page: 4, Pages: 3},
	} {
		got := viewJSON(t, m, query)
		if n := len(got.Backends); query == "" && n != 8 || query == "per_page=3&page=3" && n != 2 || query == "per_page=3&page=4" && n != 0 {
			t.Errorf("JSON %s: %d backends", query, n)
		}
		got.Backends, got.Targets, got.Time = nil, nil, time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("JSON %s (-want +got):\n%s", query, diff)
		}
	}
}
