package livepage_test

import (
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

// Each text has at least the contrast to its background that WCAG's level AA asks for,
// in both modes.
func TestTextsHaveContrast(t *testing.T) {
	t.Parallel()
	page := pagetest.Request(t, shop(3, during).page(), http.MethodGet, "").Body.String()
	light, dark, found := strings.Cut(page, "prefers-color-scheme: dark")
	if !found {
		t.Fatal("there is no dark mode")
	}
	color := regexp.MustCompile(`--([a-z]+): #([0-9a-f]{3,6});`)
	for mode, css := range map[string]string{"light": light, "dark": dark} {
		colors := make(map[string]float64)
		for _, m := range color.FindAllStringSubmatch(css, -1) {
			colors[m[1]] = luminance(t, m[2])
		}
		for _, behind := range []string{"page", "card", "warn"} {
			for _, text := range []string{"text", "muted", "link", "good", "wait", "bad"} {
				if got := contrast(colors[text], colors[behind]); got < 4.5 && (behind != "warn" || text == "text") {
					t.Errorf("%s mode: the contrast of --%s on --%s is %.2f, want 4.5", mode, text, behind, got)
				}
			}
		}
		for _, drawn := range []string{"bar", "bad"} { // the lines of the history
			if got := contrast(colors[drawn], colors["card"]); got < 3 {
				t.Errorf("%s mode: the contrast of --%s on --card is %.2f, want 3", mode, drawn, got)
			}
		}
	}
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// luminance returns the relative luminance, as WCAG defines it, of a color in
// hexadecimal digits.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = strings.Join([]string{hex[:1], hex[:1], hex[1:2], hex[1:2], hex[2:], hex[2:]}, "")
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// A screen reader finds headings, named regions and tables with headings, and skips
// the drawings.
func TestThePageSpeaksToScreenReaders(t *testing.T) {
	t.Parallel()
	b := shop(200, during)
	b.add("test:///t", "p", open(ward()...))
	nodes := pagetest.HTML(t, b.page(), "sort=rps&per_page=25")
	ids, headings := make(map[string]int), ""
	for _, n := range nodes {
		if id := n.Attrs["id"]; id != "" {
			ids[id]++
		}
		switch n.Tag {
		case "h1", "h2":
			headings += n.Tag
		case "svg":
			if n.Attrs["aria-hidden"] != "true" {
				t.Error("a drawing is not hidden from screen readers")
			}
		case "th":
			if n.Attrs["scope"] == "" {
				t.Errorf("a heading of the table has no scope: %v", n.Attrs)
			}
		case "section", "nav":
			if n.Attrs["aria-label"] == "" {
				t.Errorf("a region has no name: <%s %v>", n.Tag, n.Attrs)
			}
		}
	}
	if headings != "h1h2h2" {
		t.Errorf("headings %s, want one h1 and an h2 for each target", headings)
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%d elements have the id %s", n, id)
		}
	}
	for _, n := range nodes {
		if id := n.Attrs["aria-labelledby"]; id != "" && ids[id] == 0 {
			t.Errorf("<%s> is named by %s, which does not exist", n.Tag, id)
		}
	}
	for _, name := range []string{"summary", "a", "button", "select", "input"} {
		if !slices.ContainsFunc(nodes, func(n pagetest.Node) bool { return n.Tag == name }) {
			t.Errorf("the page has no <%s>, which works with a keyboard", name)
		}
	}
}

// Whatever a color says, a sign says, too.
func TestNothingIsToldByColorAlone(t *testing.T) {
	t.Parallel()
	b := shop(3, during)
	b.add("test:///warn", "p", open(with(even(9), 1, downFor(0))...))
	b.add("test:///ok", "p", open(even(3)...))
	body := pagetest.Request(t, b.page(), http.MethodGet, "").Body.String()
	for _, kind := range [][]string{
		{".bad .sign", ".warn .sign", ".ok .sign", ".sign"},
		{"li.bad", "li.good", "li"},
		{".down.is", ".ready.is", ".unusable.is", ".connecting.is", ".none.is", ".is"},
	} {
		signs := make(map[string]string)
		for _, class := range kind {
			_, rule, found := strings.Cut(body, "\n"+class+"::before { content: ")
			sign, _, _ := strings.Cut(rule, ";")
			if !found || !strings.HasSuffix(sign, ` / ""`) {
				t.Errorf("%s has no sign, or one that is read out: %s", class, sign)
			}
			if other := signs[sign]; other != "" {
				t.Errorf("%s and %s have the same sign %s", class, other, sign)
			}
			signs[sign] = class
		}
	}
}
