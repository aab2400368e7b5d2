package livepage_test

import (
	"context"
	"encoding/json"
	"errors"
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

	const first = $("overview").textContent, long = document.querySelector("#list details"), width = bar();
	seen["the busiest is first"] = names() === "b:1,a:1";
	long.open = true;
	long.querySelector("summary").focus();
	await until("the numbers change", () => $("overview").textContent !== first && bar() !== width);
	await until("the rows change places", () => names() === "a:1,b:1");
	seen["the focus stays"] = document.activeElement === document.querySelector("#list summary");
	seen["what is open stays so"] = document.querySelector("#list details").open;

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

// TestPageInABrowser has a headless Chromium open the page, if there is one.
// If REQUIRE_CHROMIUM is set, it fails without one.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("REQUIRE_CHROMIUM") != "" {
			t.Fatal("REQUIRE_CHROMIUM is set, but: ", err)
		}
		t.Skip("no browser here; Debian has it in the package chromium: ", err)
	}
	server := httptest.NewServer(browsed(t))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=120000", "--dump-dom", server.URL+"?sort=picks&dir=desc")
	page, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, page)
	}
	_, attribute, _ := strings.Cut(string(page), `data-seen="`)
	attribute, _, found := strings.Cut(attribute, `"`)
	got := make(map[string]bool)
	if err := json.Unmarshal([]byte(html.UnescapeString(attribute)), &got); err != nil || !found {
		t.Fatalf("the page does not say what was seen: %v\n%s", err, page)
	}
	want := map[string]bool{
		"the busiest is first": true, "the numbers change": true, "the rows change places": true,
		"the focus stays": true, "what is open stays so": true, "the filter is applied": true, "and stays": true,
		"paused, nothing is asked for": true, "and then it is again": true, "trouble is shown": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// browsed serves the page with the script in it. Each request shows two more RPCs.
// After a request with ?break, all fail.
func browsed(tb testing.TB) http.HandlerFunc {
	var broken atomic.Bool
	var requests atomic.Int64
	failing := refused("a:1", errors.New(strings.Repeat("refused ", 100)))
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "break" {
			broken.Store(true)
		}
		if broken.Load() {
			http.Error(w, "broken", http.StatusInternalServerError)
			return
		}
		a, b := failing, &board{}
		a.Picks = 2 * uint64(requests.Add(1))
		b.list("test:///t", "p", backend("b:1", idle, ok(4)...), a)
		page := pagetest.Request(tb, b.page(), http.MethodGet, r.URL.RawQuery)
		w.Header().Set("Content-Type", page.Header().Get("Content-Type")) // but no Content-Security-Policy, which forbids the script
		_, _ = w.Write([]byte(strings.Replace(page.Body.String(), "</body>", "<script>"+browse+"</script></body>", 1)))
	}
}
