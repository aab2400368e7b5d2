package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MaxBody is the largest answer that is read, in bytes. A page with 10,000 backends
// has about ten million.
const MaxBody = 256 << 20

// Client reads the page of one process. It is safe for concurrent use.
type Client struct {
	address   Address
	transport http.RoundTripper
	timeout   time.Duration
}

// NewClient returns a client that gives up after the timeout.
func NewClient(address Address, transport http.RoundTripper, timeout time.Duration) *Client {
	return &Client{address: address, transport: transport, timeout: timeout}
}

// Get reads the page now. Its errors say why there is none, and what to do where
// that is known.
func (c *Client) Get(ctx context.Context) (*Page, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	page, err := c.get(ctx)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, fmt.Errorf("no answer within %v", c.timeout)
	}
	return page, err
}

func (c *Client) get(ctx context.Context) (*Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address.url.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if user := c.address.user; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	client := http.Client{Transport: c.transport}
	resp, err := client.Do(req)
	if err != nil {
		return nil, cause(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", cause(err))
	}
	if len(body) > MaxBody {
		return nil, fmt.Errorf("the answer has more than %d MiB", MaxBody>>20)
	}
	return read(resp, body)
}

// cause returns what went wrong, without the URL and the address, which are shown
// beside it.
func cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
		return e.Err
	}
	return err
}

// read returns the page in the answer.
func read(resp *http.Response, body []byte) (*Page, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, statusError(resp, body)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != "application/json" {
		return nil, fmt.Errorf("the answer is %q, not JSON; is the live page at this URL?", kind)
	}
	page := new(Page)
	err := json.Unmarshal(body, page)
	if err != nil { // perhaps another version has other types
		var head struct {
			Version int `json:"version"`
		}
		if json.Unmarshal(body, &head) != nil {
			return nil, fmt.Errorf("read the JSON: %w", err)
		}
		page.Version = head.Version
	}
	if page.Version != Version {
		return nil, &VersionError{page.Version}
	}
	if err != nil {
		return nil, fmt.Errorf("read the JSON: %w", err)
	}
	return page, nil
}

// VersionError tells that a page has another version than [Version].
type VersionError struct{ Got int }

// Error implements error.
func (e *VersionError) Error() string {
	switch {
	case e.Got > Version:
		return fmt.Sprintf("its JSON has version %d, and this lbtop reads %d: update lbtop", e.Got, Version)
	case e.Got == 0:
		return fmt.Sprintf("its JSON has no version, and this lbtop reads %d: update balancer2 in that process, if this is its live page", Version)
	}
	return fmt.Sprintf("its JSON has version %d, and this lbtop reads %d: update balancer2 in that process, or take an older lbtop", e.Got, Version)
}

// statusError returns the error for an answer that is not 200.
func statusError(resp *http.Response, body []byte) error {
	status := fmt.Sprintf("HTTP status %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return errors.New(status + "; give user and password in the URL, like http://user:password@host:port/")
	case http.StatusNotFound:
		return errors.New(status + "; is the live page mounted at this path?")
	}
	if text := explanation(resp, body); text != "" {
		return fmt.Errorf("%s: %s", status, text)
	}
	return errors.New(status)
}

// explanation returns what the page says of its status.
func explanation(resp *http.Response, body []byte) string {
	switch kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind {
	case "application/json":
		var mistake struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		_ = json.Unmarshal(body, &mistake) // another kind of JSON explains nothing
		return mistake.Error.Message
	case "text/plain":
		line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		return line
	}
	return ""
}
