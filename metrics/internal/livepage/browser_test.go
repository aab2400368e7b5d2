package livepage_test

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// browse is a script that acts like a user of the page and stores what it sees in
// an attribute of the page.
const browse = `
(async () => {
	const $ = (id) => document.getElementById(id);
	const seen = {};
	const pause = (ms) => new Promise((done) => setTimeout(done, ms));
	const until = async (what, holds) => {
		for (let ms = 0; ms < 10000; ms += 100) {
			if (holds()) { seen[what] = true; return; }
			await pause(100);
		}
		seen[what] = false;
	};
	const names = () => [...document.querySelectorAll("#list tbody th")].map((th) => th.textContent.trim()).join();
	const bar = () => document.querySelector("#list tbody rect").getAttribute("width");
	const fetches = () => performance.getEntriesByType("resource").length;

	const first = $("overview").textContent, opened = document.querySelector("#list details"), width = bar();
	seen["the busiest is first"] = names() === "b:1,a:1";
	opened.open = true;
	opened.querySelector("summary").focus();
	await until("the numbers change", () => $("overview").textContent !== first && bar() !== width);
	await until("the rows change places", () => names() === "a:1,b:1");
	seen["the focus stays"] = opened.isConnected && document.activeElement === opened.querySelector("summary");
	seen["what is open stays so"] = opened.open;

	$("q").value = "b:";
	$("q").dispatchEvent(new Event("input", { bubbles: true }));
	await until("the filter is applied", () => names() === "b:1" && location.search.includes("q=b"));
	await until("and stays", () => fetches() >= 4 && names() === "b:1");

	$("pause").click();
	await pause(100);
	const before = fetches();
	await pause(6000);
	seen["paused, nothing is asked for"] = fetches() === before && $("pause").textContent === "Resume";
	$("pause").click();
	await until("and then it is again", () => fetches() > before);

	await fetch("?break");
	await until("trouble is shown", () => !$("trouble").hidden && $("trouble").textContent.startsWith("Not refreshed since"));
	document.documentElement.dataset.seen = JSON.stringify(seen);
})();
`

// TestPageInABrowser has a headless Chromium open the page.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(browsed(t))
	defer server.Close()
	got := visit(t, server.URL+"?sort=picks&dir=desc")
	want := map[string]bool{
		"the busiest is first": true, "the numbers change": true, "the rows change places": true,
		"the focus stays": true, "what is open stays so": true, "the filter is applied": true, "and stays": true,
		"paused, nothing is asked for": true, "and then it is again": true, "trouble is shown": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// visit opens the page in Chromium and returns what the script in it saw.
func visit(t *testing.T, url string) map[string]bool {
	t.Helper()
	page := chromium(t, "--virtual-time-budget=120000", "--dump-dom", url)
	_, attribute, _ := strings.Cut(page, `data-seen="`)
	attribute, _, found := strings.Cut(attribute, `"`)
	got := make(map[string]bool)
	if err := json.Unmarshal([]byte(html.UnescapeString(attribute)), &got); err != nil || !found {
		t.Fatalf("the page does not say what was seen: %v\n%s", err, page)
	}
	return got
}

// chromium runs a headless Chromium and returns its output. Without one it skips the
// test or, if REQUIRE_CHROMIUM is set, fails it.
func chromium(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("REQUIRE_CHROMIUM") != "" {
			t.Fatal("REQUIRE_CHROMIUM is set, but: ", err)
		}
		t.Skip("no browser here; Debian has it in the package chromium: ", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(),
	}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// withScript adds a script to an answer of the page, and drops the header that
// forbids it.
func withScript(w http.ResponseWriter, page *httptest.ResponseRecorder, script string) {
	w.Header().Set("Content-Type", page.Header().Get("Content-Type"))
	_, _ = w.Write([]byte(strings.Replace(page.Body.String(), "</body>", "<script>"+script+"</script></body>", 1)))
}

// browsed serves the page with the script in it. Each request shows two more RPCs.
// After a request with ?break, all fail.
func browsed(tb testing.TB) http.HandlerFunc {
	var broken atomic.Bool
	var requests atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "break" {
			broken.Store(true)
		}
		if broken.Load() {
			http.Error(w, "broken", http.StatusInternalServerError)
			return
		}
		a, b, board := picked("a:1", ready, 1), picked("b:1", ready, 4), &board{}
		n := 2 * uint64(requests.Add(1))
		a.Picks, a.Recent, b.Picks = n, traffic(n, 0), 4
		board.add("test:///t", "p", livestatus.Status{Backends: []livestatus.Backend{b, a}, Recent: traffic(n+4, 0)})
		withScript(w, pagetest.Request(tb, board.page(), http.MethodGet, r.URL.RawQuery), browse)
	}
}
