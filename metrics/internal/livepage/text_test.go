package livepage_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
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

func TestPageWritesNumbersForReaders(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1: "-1", -123: "-123", -1234: "-1,234"} {
		if got := livepage.Grouped(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
	for share, want := range map[float64]string{0: "0 %", 1: "100.0 %", 0.3333: "33.3 %", 0.00512: "0.51 %", 0.0001: "0.010 %", 1e-7: "< 0.001 %"} {
		if got := livepage.Percent(share); got != want {
			t.Errorf("%v is written %q, want %q", share, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 ms", 80 * time.Microsecond: "80 µs", time.Millisecond: "1 ms", 2500 * time.Microsecond: "2.5 ms", 12300 * time.Microsecond: "12 ms",
		850 * time.Millisecond: "850 ms", time.Second: "1 s", 1340 * time.Millisecond: "1.3 s", 12300 * time.Millisecond: "12 s",
	} {
		if got := livepage.Took(d); got != want {
			t.Errorf("a latency of %v is written %q, want %q", d, got, want)
		}
	}
	for rate, want := range map[float64]string{0: "0", 0.0123: "0.01", 0.25: "0.2", 3: "3", 4.56: "4.6", 99.5: "100", 1234.4: "1,234"} {
		if got := livepage.Rate(rate); got != want {
			t.Errorf("%v per second is written %q, want %q", rate, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59999 * time.Millisecond: "59s", 2*time.Minute + 13*time.Second: "2m13s",
		time.Hour + 62*time.Second: "1h01m", 23*time.Hour + 59*time.Minute: "23h59m", 49 * time.Hour: "2d01h",
	} {
		if got := livepage.Elapsed(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
