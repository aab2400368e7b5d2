package fetch_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(code int, kind, body string) roundTripper {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func get(t *testing.T, url string, rt http.RoundTripper) (*fetch.Page, error) {
	t.Helper()
	return fetch.NewClient(addresses(t, url)[0], rt, 5*time.Second).Get(t.Context())
}

func TestPageIsRead(t *testing.T) {
	t.Parallel()
	page, err := get(t, "host:1", answer(200, "application/json; charset=utf-8", `{
		"version": 1, "time": "2000-01-01T00:00:00Z", "unknown": {"to": "us"},
		"targets": [{"target": "t", "policy": "p", "summary": "well", "waiting": 2, "recent": {"10s": {"rps": 3}}, "events": [{"at": "2000-01-01T00:00:00Z", "kind": "lost", "n": 1}]}],
		"backends": [{"target": "t", "policy": "p", "backend": "b", "usable_subchannels": 1, "recent": {"1m": {"success_rate": 0.5, "latency_seconds": {"p99": 0.25}}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	target, backend := page.Targets[0], page.Backends[0]
	if target.Summary != "well" || target.Waiting != 2 || target.Recent.Short.RPS != 3 || target.Events[0].Kind != "lost" || target.Recent.Long != nil {
		t.Errorf("target %+v", target)
	}
	if backend.Usable != 1 || *backend.Recent.Long.SuccessRate != 0.5 || backend.Recent.Long.Latency.P99 != 0.25 || !backend.DownSince.IsZero() {
		t.Errorf("backend %+v", backend)
	}
}

func TestWhatIsNoPageIsExplained(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for want, rt := range map[string]roundTripper{
		"connection refused": func(*http.Request) (*http.Response, error) { return nil, refused },
		"unexpected EOF":     func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		"read the answer: broken": func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{}))}, nil
		},
		"HTTP status 401 Unauthorized; give user and password in the URL, like http://user:password@host:port/":       answer(401, "text/plain", "no"),
		"HTTP status 404 Not Found; is the live page mounted at this path?":                                           answer(404, "text/plain", "404 page not found"),
		"HTTP status 503 Service Unavailable: too many":                                                               answer(503, "text/plain; charset=utf-8", "\ntoo many\nothers\n"),
		"HTTP status 500 Internal Server Error":                                                                       answer(500, "text/html", "<html>"),
		"HTTP status 400 Bad Request: there is no parameter":                                                          answer(400, "application/json", `{"error": {"parameter": "x", "message": "there is no parameter"}}`),
		"HTTP status 502 Bad Gateway":                                                                                 answer(502, "application/json", `{"error": "gateway"}`),
		`the answer is "text/html", not JSON; is the live page at this URL?`:                                          answer(200, "text/html; charset=utf-8", `{"version":1}`),
		"read the JSON: unexpected end of JSON input":                                                                 answer(200, "application/json", `{"version":1`),
		"read the JSON: json: cannot unmarshal string into Go struct field Page.targets of type []fetch.Target":       answer(200, "application/json", `{"version":1,"targets":"none"}`),
		"its JSON has version 2, and this lbtop reads 1: update lbtop":                                                answer(200, "application/json", `{"version":2,"targets":[]}`),
		"its JSON has version 3, and this lbtop reads 1: update lbtop":                                                answer(200, "application/json", `{"targets":"none","time":7,"version":3}`),
		"its JSON has no version, and this lbtop reads 1: update balancer2 in that process, if this is its live page": answer(200, "application/json", `{"targets":[],"backends":[]}`),
	} {
		page, err := get(t, "host:1", rt)
		if page != nil || err == nil || err.Error() != want {
			t.Errorf("got %v, %v, want %s", page, err, want)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestRequestAsksForTheWholePageAsJSON(t *testing.T) {
	t.Parallel()
	asked := make(chan *http.Request, 1)
	_, err := get(t, "http://user:pass%20word@host:1/lb?target=t&page=2&per_page=3&sort=share&dir=asc", roundTripper(func(r *http.Request) (*http.Response, error) {
		asked <- r
		return answer(200, "application/json", `{"version":1}`)(r)
	}))
	if err != nil {
		t.Fatal(err)
	}
	r := <-asked
	if user, password, _ := r.BasicAuth(); user != "user" || password != "pass word" {
		t.Errorf("user %q, password %q", user, password)
	}
	if want := "http://host:1/lb?format=json&target=t"; r.URL.String() != want || r.Method != http.MethodGet {
		t.Errorf("%s %s, want GET %s", r.Method, r.URL, want)
	}
}

func TestErrorsHidePasswords(t *testing.T) {
	t.Parallel()
	_, err := get(t, "http://user:s3cret@host:1/", roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"ftp://user:s3cret@other/"}}, Body: http.NoBody, Request: r}, nil
	}))
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

func TestSlowPageTimesOut(t *testing.T) {
	t.Parallel()
	for name, rt := range map[string]roundTripper{
		"no answer": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"half an answer": func(r *http.Request) (*http.Response, error) {
			resp, err := answer(200, "application/json", "")(r)
			resp.Body = io.NopCloser(stuck{r.Context()})
			return resp, err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			_, err := get(t, "host:1", rt)
			if err == nil || err.Error() != "no answer within 5s" || time.Since(start) != 5*time.Second {
				t.Errorf("%s: got %v after %v", name, err, time.Since(start))
			}
		})
	}
}

type stuck struct{ ctx context.Context } //nolint:containedctx // Read has no parameter for it.

func (s stuck) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func TestContextEndsARequest(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := fetch.NewClient(addresses(t, "host:1")[0], roundTripper(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}), time.Hour).Get(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
