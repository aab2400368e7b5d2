// Package exampletest helps to test the examples.
package exampletest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

// Patience is the maximum time that tests wait for something that must happen.
const Patience = time.Minute

// OnText returns a writer that calls do on each write that contains the text. Every write
// contains "".
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

// Eventually waits until holds returns true. If that does not happen, it fails the
// test with the last state that holds returned.
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

// Page is an HTTP server's answer.
type Page struct {
	Status            int
	ContentType, Text string
}

// Get sends a GET request and returns the answer. If accept is empty, it sends no header
// Accept.
func Get(t *testing.T, url, accept string) Page {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: Patience}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	return Page{response.StatusCode, response.Header.Get("Content-Type"), string(text)}
}
