package livepage_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// FuzzPage uses arbitrary texts for everything that comes from servers, resolvers
// and users. The page must have the same tags and attributes as with harmless texts
// of the same length, and show no invisible characters.
func FuzzPage(f *testing.F) {
	for _, s := range []string{
		"", "a:1", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "' onmouseover='alert(1)", "</style><b>", "<!--", "-->", "]]>",
		"&lt;b&gt;", "&#x3c;b", "{{.Script}}", "javascript:alert(1)", "a\u202eb", "\x00\x01\x7f", "\xff\xfe<", "\u2028\u2029", "+ADw-script+AD4-",
		strings.Repeat("<", 65), strings.Repeat("é\"", 150), strings.Repeat("\xff", 5000), "q=%3Cb%3E", "target=<b>", "sort=\"><b>&x", "q=a&q=b", "%",
	} {
		f.Add(s, s, s, s)
		f.Add("a:1", s, "p", "q="+s)
		f.Add(s, "refused", s, "state=ready&q="+s)
	}
	f.Fuzz(func(t *testing.T, name, reason, policy, query string) {
		name, policy = strings.ToValidUTF8(name, "\uFFFD"), strings.ToValidUTF8(policy, "\uFFFD") // as label values are
		hostile, harmless := shownText(name, policy, reason), shownText(plain(name), plain(policy), plain(reason))
		compareSkeletons(t, pagetest.Request(t, hostile, http.MethodGet, "").Body.String(), pagetest.Request(t, harmless, http.MethodGet, "").Body.String())

		w := pagetest.Request(t, hostile, http.MethodGet, query)
		switch contentType := w.Header().Get("Content-Type"); {
		case contentType == "application/json":
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("%q: not JSON: %s", query, w.Body)
			}
		case w.Code == http.StatusBadRequest:
			compareSkeletons(t, w.Body.String(), pagetest.Request(t, hostile, http.MethodGet, "sort=x").Body.String())
		default:
			pagetest.Scan(t, w.Body.String())
		}
		if got := pagetest.JSON(t, hostile, "").Backends[0]; got.Backend != name || got.Policy != policy {
			t.Errorf("JSON has backend %q and policy %q, want %q and %q", got.Backend, got.Policy, name, policy)
		}
	})
}

// shownText is the page of a backend with errors and events.
func shownText(name, policy, reason string) http.Handler {
	b, board := refused(name, errors.New(reason)), &board{}
	b.Picks, b.RPCs[codes.OK] = 1, 1
	b.LastRPCError = livestatus.RPCError{Code: codes.Internal, Text: reason, At: hourAgo}
	well := backend("b:1", ready) // so that the sentence names the other
	board.add("test:///t", policy, livestatus.Status{
		Instances: []livestatus.Instance{{State: ready, Since: hourAgo}},
		Backends:  []livestatus.Backend{b, well},
		Events: []livestatus.Event{
			{At: now, Kind: livestatus.Lost, Backend: name, Text: reason},
			{At: now, Kind: livestatus.ResolverUpdate, Added: []string{name, reason}, AddedCount: 2, Removed: []string{reason}, RemovedCount: 1},
			{At: now, Kind: livestatus.InstanceState, Text: reason},
		},
	})
	return board.page()
}

// plain returns a harmless text of the same length as s.
func plain(s string) string { return strings.Repeat("a", utf8.RuneCountInString(s)) }

func compareSkeletons(t *testing.T, got, want string) {
	t.Helper()
	nodes := pagetest.Scan(t, got)
	if a, b := pagetest.Skeleton(nodes), pagetest.Skeleton(pagetest.Scan(t, want)); a != b {
		t.Errorf("the page has other tags than with harmless texts:\n%s\nwant:\n%s", a, b)
	}
	hidden := func(r rune) bool { return r != '\n' && !strconv.IsPrint(r) }
	for _, n := range nodes {
		texts := []string{n.Attrs["title"], n.Attrs["href"]}
		if n.Tag == "" {
			texts = append(texts, n.Text)
		}
		for _, s := range texts {
			if strings.ContainsFunc(s, hidden) {
				t.Errorf("the page shows invisible characters: %q", s)
			}
		}
	}
}
