package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// PutFailure is a put that failed: what etcd's client says of it, and what the
// metrics' live page says of each backend, by name.
type PutFailure struct {
	Err  error
	Last map[string]string // connection errors
}

// failingPut does a put that cannot succeed. etcd's client waits for a member
// that is READY, so that it has no more to say than that time was up.
func failingPut(ctx context.Context, w *watched) (PutFailure, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := w.Put(ctx, "failing", "")
	last, pageErr := lastErrors(w.target())
	return PutFailure{Err: err, Last: last}, pageErr
}

func (f PutFailure) write(out io.Writer, order []string) {
	fmt.Fprintf(out, "etcd's client says: %v\nthe live page says:\n", f.Err)
	for _, backend := range order {
		if last := f.Last[backend]; last != "" {
			fmt.Fprintf(out, "  %s: %s\n", backend, last)
		}
	}
}

// lastErrors reads the live page, as JSON.
func lastErrors(target string) (map[string]string, error) {
	query := url.Values{"format": {"json"}, "target": {target}}
	request := httptest.NewRequest(http.MethodGet, "/?"+query.Encode(), http.NoBody)
	response := httptest.NewRecorder()
	metrics.Default.Handler().ServeHTTP(response, request)
	var page struct {
		Backends []struct {
			Name string `json:"backend"`
			Last string `json:"last_connection_error"`
		} `json:"backends"`
	}
	if err := json.Unmarshal(response.Body.Bytes(), &page); err != nil {
		return nil, fmt.Errorf("read the live page: %w", err)
	}
	last := make(map[string]string)
	for _, b := range page.Backends {
		last[b.Name] = b.Last
	}
	return last, nil
}
