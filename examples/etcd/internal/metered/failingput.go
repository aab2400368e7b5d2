package metered

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

// PutFailure is a put that failed.
type PutFailure struct {
	Err              error             // of etcd's client
	ConnectionErrors map[string]string // the last one of each backend, from the live page
}

// FailingPut sends a put that cannot succeed. etcd's client waits for a READY
// member, so its error only says that the deadline was exceeded.
func (c *Client) FailingPut(ctx context.Context) (PutFailure, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := c.Put(ctx, "failing", "")
	connectionErrors, pageErr := connectionErrors(c.Target())
	return PutFailure{Err: err, ConnectionErrors: connectionErrors}, pageErr
}

// Write writes the errors. Those of the backends come in the given order.
func (f PutFailure) Write(out io.Writer, order []string) {
	fmt.Fprintf(out, "etcd's client says: %v\nthe live page says:\n", f.Err)
	for _, backend := range order {
		if last := f.ConnectionErrors[backend]; last != "" {
			fmt.Fprintf(out, "  %s: %s\n", backend, last)
		}
	}
}

// connectionErrors reads the last connection error of each backend from the live
// page.
func connectionErrors(target string) (map[string]string, error) {
	query := url.Values{"format": {"json"}, "target": {target}}
	request := httptest.NewRequest(http.MethodGet, "/?"+query.Encode(), http.NoBody)
	response := httptest.NewRecorder()
	metrics.Default().Handler().ServeHTTP(response, request)
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
