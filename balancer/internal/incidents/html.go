package incidents

import (
	"html"
	"io"
	"net/http"
	"strings"
)

// checkHTML checks that the page itself has the summary that its JSON has just had. If the JSON
// had the culprit on top, so must the page.
func (l *Look) checkHTML() {
	page := l.html()
	for part := range strings.SplitSeq(l.Target().Summary, "; ") {
		if strings.Contains(part, " slow") || strings.Contains(part, " wait") {
			continue // what is slow and what waits may have changed meanwhile
		}
		// So may durations and rates.
		part, _, _ = strings.Cut(part, " for ")
		part, _, _ = strings.Cut(part, ", ")
		if part = strings.TrimLeft(part, "0123456789 %<."); !strings.Contains(page, html.EscapeString(part)) {
			l.Errorf("the page does not say %q", part)
		}
	}
	if l.Backends[0].Name != l.Name() {
		return
	}
	_, rows, _ := strings.Cut(page, "<tbody>")
	first, _, _ := strings.Cut(rows, "</tr>")
	if !strings.Contains(first, l.Name()) {
		l.Errorf("the first row of the page is not that of %s: %s", l.Name(), first)
	}
}

// html returns the page as a browser gets it.
func (s *Stage) html() string {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, strings.Replace(s.page, "format=json", "", 1), nil)
	if err != nil {
		s.t.Fatalf("get the page: %v", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("get the page: %v", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("get the page: %s, %v", res.Status, err)
	}
	return string(body)
}
