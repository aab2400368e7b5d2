package metrics

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Handler returns the live page: what the channels, backends and RPCs that m
// meters are doing now. It is HTML that refreshes itself every two seconds, and
// JSON for programs.
//
//	http.Handle("/debug/lb", metrics.Default.Handler())
//
// The page shows the addresses of backends, the targets, and the texts of
// connection errors. It has no access control. Mount it where only operators
// get, as you would net/http/pprof. It changes nothing and takes GET and HEAD
// only.
//
// It may be mounted anywhere, below [http.StripPrefix] and proxies too: it
// needs no other file or host, and its links are relative. Its parameters are:
//
//   - format: html (the default) or json.
//   - q: only backends with this in their name, in their state or in the name
//     of a code that RPCs on them ended with; in upper or lower case.
//   - target, policy: only this target, only this policy.
//   - state: only backends in this state: READY, CONNECTING, IDLE,
//     TRANSIENT_FAILURE, NONE (no subchannel any more), or NOT_READY (all but
//     READY).
//   - sort: backend, target, state (the worst first), since, picks, share,
//     in_flight, errors (RPCs that ended with another code than OK), attempts
//     (to connect, that failed) or last_error. The default is target, then
//     backend.
//   - dir: asc or desc. The default is asc for names and states, and desc for
//     numbers and times.
//   - page, from 1, and per_page, from 1 to 1000 and by default 100.
//
// A parameter that is empty counts as absent. What is not valid is answered
// with 400 and a text that says what would be. JSON takes the same parameters.
// Without page and per_page it has all backends.
//
// Times are counted back from that of the answer, by a clock that nobody sets:
// how long ago something was is right also where the wall clock was wrong then.
// As they are counted anew for each answer they can differ by microseconds from
// one to the next. On Linux that clock stands still while the machine sleeps,
// and the sleep is not counted.
//
// Each answer shows about one moment. Like a scrape, it drops the series whose
// retention has passed. With 10,000 backends it costs some tens of
// milliseconds; the RPCs do not notice.
func (m *Metrics) Handler() http.Handler { return m.handler(time.Now) }

func (m *Metrics) handler(wall func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m.servePage(w, r, wall()) })
}

func (m *Metrics) servePage(w http.ResponseWriter, r *http.Request, wall time.Time) {
	html, policy := pageTemplate()
	setPageHeaders(w.Header(), policy)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, r, http.StatusMethodNotAllowed, textType, []byte("this page takes GET and HEAD only\n"))
		return
	}
	page, err := m.page(r.URL.RawQuery, clocks{wall: wall, now: m.now()})
	code := http.StatusOK
	if err != nil {
		code = http.StatusBadRequest
	}
	var body bytes.Buffer
	contentType := htmlType
	if page.query.json {
		contentType = jsonType
		err = writeJSON(&body, page, err)
	} else {
		err = html.Execute(&body, newPageView(page, err))
	}
	if err != nil {
		logger.Errorf("metrics: render page: %v", err)
		answer(w, r, http.StatusInternalServerError, textType, []byte("the page could not be rendered; the log says why\n"))
		return
	}
	answer(w, r, code, contentType, body.Bytes())
}

const (
	htmlType = "text/html; charset=utf-8"
	jsonType = "application/json"
	textType = "text/plain; charset=utf-8"
)

// setPageHeaders allows the page its own style and script and requests to where
// it came from, and nothing else.
func setPageHeaders(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// answer sends a body, or what would be its headers.
func answer(w http.ResponseWriter, r *http.Request, code int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // who asked may have gone
	}
}

// page is what one request asked for.
type page struct {
	now       time.Time
	retention time.Duration
	query     pageQuery
	targets   []targetStatus // the selected ones
	known     int            // targets in all
	total     int            // backends of the selected targets
	matched   []*backendStatus
	shown     []*backendStatus // those of matched that are on the page
}

// page takes one look at what there is. With an error, which is the reader's
// mistake, the page has the query only.
func (m *Metrics) page(rawQuery string, at clocks) (page, error) {
	q, err := parsePageQuery(rawQuery)
	p := page{now: at.wall, retention: m.retention, query: q}
	if err != nil {
		return p, err
	}
	all := m.status(at)
	p.known = len(all)
	if p.targets, err = q.selectTargets(all); err != nil {
		return p, err
	}
	p.matched, p.total = q.selectBackends(p.targets)
	p.shown = q.cutPage(p.matched)
	return p, nil
}

// pageJSON is the page for programs. Its shape is a promise to its readers.
type pageJSON struct {
	Time     time.Time        `json:"time"`
	Targets  []targetStatus   `json:"targets"`
	Matched  int              `json:"matched"`            // backends, on all pages
	Page     int              `json:"page,omitempty"`     // absent if there is one page with all
	PerPage  int              `json:"per_page,omitempty"` //
	Pages    int              `json:"pages,omitempty"`    //
	Backends []*backendStatus `json:"backends"`
}

func writeJSON(w io.Writer, p page, problem error) error {
	e := json.NewEncoder(w)
	if bad, ok := errors.AsType[*parameterError](problem); ok {
		return e.Encode(map[string]*parameterError{"error": bad})
	}
	out := pageJSON{Time: p.now, Targets: p.targets, Matched: len(p.matched), Backends: p.shown}
	if p.query.paged {
		out.Page, out.PerPage, out.Pages = p.query.page, p.query.perPage, p.query.pages(len(p.matched))
	}
	return e.Encode(out)
}
