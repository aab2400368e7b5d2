package livepage_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

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
		b := &board{}
		b.list("test:///t", tt.name, refused(tt.name, errors.New(tt.name)))
		page := pagetest.HTML(t, b.page(), "")
		row, target := pagetest.Rows(t, page, "list")[0], pagetest.Targets(t, page)[0]
		if got := []string{row[0], row[8], target["policy"]}; !slices.Equal(got, []string{tt.want, "1h00m ago " + tt.want, tt.want}) {
			t.Errorf("%q is shown as backend, error and policy %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestPageCutsLongTexts(t *testing.T) {
	t.Parallel()
	b := &board{}
	name, reason := strings.Repeat("né", 200), strings.Repeat("<é>", 5000)
	b.list("test:///"+strings.Repeat("t", 300), strings.Repeat("p", 300), refused(name, errors.New(reason)))
	page := pagetest.HTML(t, b.page(), "")
	row := pagetest.Rows(t, page, "list")[0]
	if want := strings.Repeat("né", 32) + "…" + name; row[0] != want {
		t.Errorf("the backend is shown as %q, want %q", row[0], want)
	}
	if want := "1h00m ago " + string([]rune(reason)[:200]) + "…" + string([]rune(reason)[:4096]) + "…"; row[8] != want {
		t.Errorf("the error is shown as %q, want %q", row[8], want)
	}
	whole, _ := pagetest.Find(t, page, "title", "test:///"+strings.Repeat("t", 300))
	if whole.Tag != "bdi" {
		t.Errorf("the whole target is in the title of <%s>", whole.Tag)
	}
	var asJSON struct {
		Backends []struct {
			Error string `json:"last_connection_error"`
		}
	}
	if err := json.Unmarshal(pagetest.Request(t, b.page(), http.MethodGet, "format=json").Body.Bytes(), &asJSON); err != nil || asJSON.Backends[0].Error != reason {
		t.Errorf("JSON does not have the whole error: %v", err)
	}
}
