package livepage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"google.golang.org/grpc/grpclog"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
)

var logger = grpclog.Component("balancer2")

// maxRendered is how many answers are rendered at once. With 10,000 backends each
// takes some megabytes and tens of milliseconds of one core, so too many at once
// would slow down RPCs.
const maxRendered = 4

// handler serves the page.
type handler struct {
	snapshot func() livestatus.Snapshot
	rendered chan struct{} // holds an element for each answer being rendered
}

// New returns a handler that serves the page. It calls snapshot once for each
// answer. snapshot must be safe for concurrent use.
func New(snapshot func() livestatus.Snapshot) http.Handler {
	return &handler{snapshot: snapshot, rendered: make(chan struct{}, maxRendered)}
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, r, http.StatusMethodNotAllowed, textType, []byte("this page takes GET and HEAD only\n"))
		return
	}
	q, err := selection.Parse(r.URL.RawQuery)
	code, body := http.StatusOK, bodies.Get()
	defer releaseBody(body)
	if err == nil {
		err = h.render(r.Context(), q, body)
	}
	if mistake, ok := errors.AsType[*selection.QueryError](err); ok {
		code = http.StatusBadRequest
		err = renderMistake(q, mistake, body)
	}
	switch {
	case err == nil:
		answer(w, r, code, contentTypes[q.Format], body.Bytes())
	case errors.Is(err, errGaveUp):
		answer(w, r, http.StatusServiceUnavailable, textType, []byte("the request ended while it waited for others to be answered\n"))
	default:
		logger.Errorf("metrics: render page: %v", err)
		answer(w, r, http.StatusInternalServerError, textType, []byte("the page could not be rendered; the log says why\n"))
	}
}

// errGaveUp is the error of a request whose context ended before its turn.
var errGaveUp = errors.New("the request's context has ended")

// render waits for its turn and writes the page that the query asks for. If it
// returns a [selection.QueryError], it has not written anything.
func (h *handler) render(ctx context.Context, q selection.Query, body *bytes.Buffer) error {
	select {
	case h.rendered <- struct{}{}:
		defer func() { <-h.rendered }()
	case <-ctx.Done():
		return errGaveUp
	}
	s := h.snapshot()
	if s.Release != nil {
		defer s.Release()
	}
	p, err := selection.New(ctx, q, s)
	if err != nil {
		return err
	}
	defer p.Release()
	if q.Format == selection.JSON {
		return json.NewEncoder(body).Encode(newPageJSON(p))
	}
	return pageTemplate().Execute(body, newPageView(p))
}

// renderMistake writes the answer to a user's mistake.
func renderMistake(q selection.Query, mistake *selection.QueryError, body *bytes.Buffer) error {
	if q.Format == selection.JSON {
		return json.NewEncoder(body).Encode(map[string]*selection.QueryError{"error": mistake})
	}
	return pageTemplate().Execute(body, newProblemView(q, mistake))
}

const textType = "text/plain; charset=utf-8"

var contentTypes = map[string]string{
	selection.HTML: "text/html; charset=utf-8",
	selection.JSON: "application/json",
}

func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// answer sends the headers and, unless the request is HEAD, the body.
func answer(w http.ResponseWriter, r *http.Request, code int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // fails only if the client is gone
	}
}
