package metrics_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics"
)

var failed = []connectivity.State{connecting, failure}

func TestPageShowsHostileTextsAsTexts(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, want string }{
		{`<script>alert(1)</script>`, `<script>alert(1)</script>`},
		{`"><img src=x onerror=alert(1)>`, `"><img src=x onerror=alert(1)>`},
		{"a' or `b`", "a' or `b`"},
		{"abc\u202egpj.exe", `abc\u202egpj.exe`},
		{"a\u200bb\ufeffc\u00a0d", `a\u200bb\ufeffc\u00a0d`},
		{"x\x00y\r\nz\x1b[31m", `x\x00y\r\nz\x1b[31m`},
		{"\U000E0001", `\U000e0001`},
		{"{{.Style}}", "{{.Style}}"},
		{"\xffa", "\uFFFDa"},
		{"日本:1", "日本:1"},
	}
	for _, tt := range tests {
		m := metrics.New()
		list(t, m, "test:///t", tt.name, atOnce, listed{name: tt.name, states: failed, err: errors.New(tt.name)})
		page := view(t, m, "")
		row, target := rows(t, page, "list")[0], rows(t, page, "overview")[0]
		if got := []string{row[0], row[8], target[1]}; !slices.Equal(got, []string{tt.want, "0s ago " + tt.want, tt.want}) {
			t.Errorf("%q is shown as backend, error and policy %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestPageCutsLongTexts(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	name, reason := strings.Repeat("né", 200), strings.Repeat("<é>", 5000)
	list(t, m, "test:///"+strings.Repeat("t", 300), strings.Repeat("p", 300), atOnce, listed{name: name, states: failed, err: errors.New(reason)})
	page := view(t, m, "")
	row := rows(t, page, "list")[0]
	if want := strings.Repeat("né", 32) + "…" + name; row[0] != want {
		t.Errorf("the backend is shown as %q, want %q", row[0], want)
	}
	if want := "0s ago " + string([]rune(reason)[:200]) + "…" + string([]rune(reason)[:4096]) + "…"; row[8] != want {
		t.Errorf("the error is shown as %q, want %q", row[8], want)
	}
	whole, _ := find(t, page, "title", "test:///"+strings.Repeat("t", 300))
	if whole.tag != "bdi" {
		t.Errorf("the whole target is in the title of <%s>", whole.tag)
	}
	var asJSON struct {
		Backends []struct {
			Error string `json:"last_connection_error"`
		}
	}
	if err := json.Unmarshal(request(t, m, http.MethodGet, "format=json").Body.Bytes(), &asJSON); err != nil || asJSON.Backends[0].Error != reason {
		t.Errorf("JSON does not have the whole error: %v", err)
	}
}

// Half a bar is an equal share. Who is alone has a whole one.
func TestPageDrawsShares(t *testing.T) {
	t.Parallel()
	picks := func(n int) []codes.Code { return make([]codes.Code, n) }
	tests := []struct {
		backends []listed
		widths   []string
	}{
		{[]listed{{name: "a", ends: picks(3)}}, []string{"100.0"}},
		{[]listed{{name: "a", ends: picks(3)}, {name: "b", ends: picks(1)}}, []string{"75.0", "25.0"}},
		{[]listed{{name: "a", ends: picks(2)}, {name: "b", ends: picks(2)}, {name: "c", ends: picks(2)}}, []string{"50.0", "50.0", "50.0"}},
		{[]listed{{name: "a", ends: picks(9)}, {name: "b"}, {name: "c"}}, []string{"100.0", "0.0", "0.0"}},
		{[]listed{{name: "a"}, {name: "b"}}, []string{"0.0", "0.0"}},
	}
	for _, tt := range tests {
		m := metrics.New()
		list(t, m, "test:///t", "p", atOnce, tt.backends...)
		var widths []string
		for _, n := range view(t, m, "") {
			if n.tag == "rect" {
				widths = append(widths, n.attrs["width"])
			}
		}
		if !slices.Equal(widths, tt.widths) {
			t.Errorf("%d backends: bars of %v, want %v", len(tt.backends), widths, tt.widths)
		}
	}
}

func TestPageHintsAtFoldedBackends(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithMaxBackends(1))
	list(t, m, "test:///t", "p", atOnce, listed{name: "a"}, listed{name: "b"}, listed{name: "c", ends: []codes.Code{codes.OK}})
	page := view(t, m, "")
	if got := rows(t, page, "list"); len(got) != 2 || got[1][0] != "other" || got[1][1] != "IDLE best of 2 subchannels" {
		t.Errorf("backends %q, want a and other", got)
	}
	_, overview := find(t, page, "id", "overview")
	if got := textOf(overview); !strings.Contains(got, "2 subchannels came when the limit on backends was reached") {
		t.Errorf("the overview does not explain what was folded: %s", got)
	}
}

// FuzzPage puts any texts where servers, resolvers and readers put theirs. The
// page must have the same tags and attributes as with harmless texts as long,
// and show nothing that cannot be seen.
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
		m, harmless := metrics.New(), metrics.New()
		policy = "p" + policy // a stub without a name has another
		list(t, m, "test:///t", policy, atOnce, listed{name: name, states: failed, err: errors.New(reason), ends: []codes.Code{codes.OK}})
		list(t, harmless, "test:///t", plain(strings.ToValidUTF8(policy, "?")), atOnce,
			listed{name: plain(strings.ToValidUTF8(name, "?")), states: failed, err: errors.New(plain(reason)), ends: []codes.Code{codes.OK}})
		compareSkeletons(t, request(t, m, http.MethodGet, "").Body.String(), request(t, harmless, http.MethodGet, "").Body.String())

		w := request(t, m, http.MethodGet, query)
		switch contentType := w.Header().Get("Content-Type"); {
		case contentType == "application/json":
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("%q: not JSON: %s", query, w.Body)
			}
		case w.Code == http.StatusBadRequest:
			compareSkeletons(t, w.Body.String(), request(t, m, http.MethodGet, "sort=x").Body.String())
		default:
			scan(t, w.Body.String())
		}
		if got := viewJSON(t, m, "").Backends[0]; got.Backend != strings.ToValidUTF8(name, "\uFFFD") || got.Policy != strings.ToValidUTF8(policy, "\uFFFD") {
			t.Errorf("JSON has backend %q and policy %q, want %q and %q", got.Backend, got.Policy, name, policy)
		}
	})
}

// plain returns a harmless text as long as s.
func plain(s string) string { return strings.Repeat("a", utf8.RuneCountInString(s)) }

func compareSkeletons(t *testing.T, got, want string) {
	t.Helper()
	nodes := scan(t, got)
	if a, b := skeleton(nodes), skeleton(scan(t, want)); a != b {
		t.Errorf("the page has other tags than with harmless texts:\n%s\nwant:\n%s", a, b)
	}
	hidden := func(r rune) bool { return r != '\n' && !strconv.IsPrint(r) }
	for _, n := range nodes {
		texts := []string{n.attrs["title"], n.attrs["href"]}
		if n.tag == "" {
			texts = append(texts, n.text)
		}
		for _, s := range texts {
			if strings.ContainsFunc(s, hidden) {
				t.Errorf("the page shows what cannot be seen: %q", s)
			}
		}
	}
}
