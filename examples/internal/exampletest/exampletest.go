// Package exampletest helps to test the examples.
package exampletest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

// Patience is how long tests wait for what must happen.
const Patience = time.Minute

// OnText returns a writer that calls do whenever a write contains the text. With
// "" any write does.
func OnText(text string, do func()) io.Writer { return onText{text, do} }

type onText struct {
	text string
	do   func()
}

func (w onText) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.text) {
		w.do()
	}
	return len(p), nil
}

// Eventually waits until holds returns true. If it never does, the test fails
// with the state that holds returned last.
func Eventually(t *testing.T, what string, holds func() (ok bool, state any)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	var state any
	err := wait.Until(ctx, what, func() (ok bool, err error) {
		ok, state = holds()
		return ok, nil
	})
	if err != nil {
		t.Fatalf("%v; the last state: %v", err, state)
	}
}

// Get sends a GET request and returns the answer. An empty accept stands for no
// header Accept.
func Get(t *testing.T, url, accept string) (response *http.Response, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: Patience}
	response, err = client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	return response, string(text)
}

// Output collects what a program prints.
type Output struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed at the next change; nil if nobody waits
}

// Write implements [io.Writer].
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return o.text.Write(p)
}

// String returns what has been printed so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Await waits until the output matches the pattern in at least n places, and
// returns those. If the pattern has a group, it returns what the last one
// matched.
func (o *Output) Await(t *testing.T, pattern string, n int) []string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	deadline := time.After(Patience)
	for {
		text, changed := o.next()
		matches := expression.FindAllStringSubmatch(text, -1)
		if len(matches) >= n {
			var found []string
			for _, match := range matches {
				found = append(found, match[len(match)-1])
			}
			return found
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatal(fmt.Sprintf("no %d of %q in the output:\n%s", n, pattern, text))
		}
	}
}

// next returns the text and a channel that is closed when there is more.
func (o *Output) next() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.text.String(), o.changed
}
