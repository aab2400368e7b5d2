package livepage_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

var update = flag.Bool("update", false, "take the screenshots in metrics/images anew")

// walk is a script that sees an incident come and go on the page. It looks at a
// narrow window through a frame.
const walk = `
(async () => {
	const seen = {};
	const pause = (ms) => new Promise((done) => setTimeout(done, ms));
	const until = async (what, holds) => {
		for (let ms = 0; ms < 10000; ms += 100) {
			if (holds()) { seen[what] = true; return; }
			await pause(100);
		}
		seen[what] = false;
	};
	const summary = (doc) => doc.querySelector(".summary").textContent.trim();
	const first = (doc) => doc.querySelector("#list tbody tr");
	const usable = () => document.querySelector(".tiles a");

	seen["before: all is well"] = summary(document) === "all 200 usable, even, no errors" && !usable();
	const article = document.querySelector("article"), more = article.querySelector(".totals");
	more.open = true;

	await fetch("?stage=during");
	await until("during: the sentence says what is wrong", () =>
		summary(document) === "1 of 200 backends down for 4 min (10.0.0.7:50051); 14 % errors from 10.0.0.10:50051");
	seen["the tab says so"] = document.title.startsWith("199 of 200 usable");
	seen["the dead one is on top"] = /^10\.0\.0\.7:50051\s+DOWN/.test(first(document).textContent.trim());
	seen["then the sick one"] = /^10\.0\.0\.10:50051\s+READY many errors/.test(first(document).nextElementSibling.textContent.trim());
	seen["what just changed"] = document.querySelector(".changes li").textContent.includes("10.0.0.7:50051 cannot be reached");
	seen["what is open stays so"] = more.isConnected && more.open;

	const rest = new DOMParser().parseFromString(await (await fetch(usable().href)).text(), "text/html");
	seen["199 of 200 links to the one"] = usable().textContent === "199 of 200" &&
		rest.querySelectorAll("#list tbody tr").length === 1 && first(rest).textContent.includes("10.0.0.7:50051");

	const frame = document.createElement("iframe");
	frame.width = 390;
	frame.height = 844;
	frame.src = "?narrow";
	document.body.append(frame);
	await until("in a narrow window", () => frame.contentDocument?.querySelector("#list tbody tr"));
	const doc = frame.contentDocument, row = first(doc).getBoundingClientRect();
	seen["the dead one is above the fold"] = row.top > 0 && row.top + 60 < 844;
	seen["nothing is cut off"] = doc.documentElement.scrollWidth <= 390;
	frame.remove();

	await fetch("?stage=after");
	await until("after: all is well again", () => summary(document) === "all 200 usable, even, no errors" && !usable());
	seen["and it says when it came back"] = document.querySelector(".changes li").textContent.includes("10.0.0.7:50051 connected");
	document.documentElement.dataset.seen = JSON.stringify(seen);
})();
`

func TestABrowserWalksThroughAnIncident(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(walked(t, walk))
	defer server.Close()
	got := visit(t, server.URL)
	want := make(map[string]bool, len(got))
	for _, what := range []string{
		"before: all is well", "during: the sentence says what is wrong", "the tab says so", "the dead one is on top", "then the sick one",
		"what just changed", "what is open stays so", "199 of 200 links to the one", "in a narrow window", "the dead one is above the fold",
		"nothing is cut off", "after: all is well again", "and it says when it came back",
	} {
		want[what] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// walked serves the page of an incident with 200 backends and the script in it. A
// request with ?stage= moves the incident on; one with ?narrow has no script.
func walked(tb testing.TB, script string) http.HandlerFunc {
	tb.Helper()
	var current atomic.Value
	current.Store(before)
	return func(w http.ResponseWriter, r *http.Request) {
		if next, ok := strings.CutPrefix(r.URL.RawQuery, "stage="); ok {
			current.Store(stage(next))
			return
		}
		query, script := r.URL.RawQuery, script
		if query == "narrow" {
			query, script = "", ""
		}
		withScript(w, pagetest.Request(tb, shop(200, current.Load().(stage)).page(), http.MethodGet, query), script)
	}
}

// shop is a source with one target in an incident.
func shop(n int, at stage) *board {
	b := &board{}
	b.add("dns:///orders.shop.example:443", "round_robin2", incident(n, at))
	return b
}

// The README shows these. Look at them after -update.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	if !*update {
		t.Skip("only with -update, which writes them")
	}
	mux := http.NewServeMux()
	for _, n := range []int{3, 200} {
		for _, at := range []stage{before, during} {
			mux.Handle("/"+strconv.Itoa(n)+"/"+string(at), shop(n, at).page())
		}
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	images, err := filepath.Abs("../../images")
	if err != nil {
		t.Fatal(err)
	}
	for name, shot := range map[string][]string{
		"page-before.png":       {"3/before", "--window-size=1200,560"},
		"page-during.png":       {"3/during", "--window-size=1200,640"},
		"page-200-backends.png": {"200/during", "--window-size=1200,800"},
		"page-narrow.png":       {"200/during", "--window-size=390,844"},
		"page-dark.png":         {"200/during", "--window-size=1200,800", "--force-dark-mode", "--enable-features=WebUIDarkMode", "--blink-settings=preferredColorScheme=0"},
	} {
		path := filepath.Join(images, name)
		chromium(t, append([]string{"--hide-scrollbars", "--screenshot=" + path, server.URL + "/" + shot[0]}, shot[1:]...)...)
		if file, err := os.Stat(path); err != nil || file.Size() > 150_000 {
			t.Errorf("%s: %v; want at most 150 kB", name, err)
		}
	}
}
