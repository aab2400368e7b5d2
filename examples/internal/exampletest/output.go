package exampletest

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Output collects what a program prints.
type Output struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed at the next change; nil if no one waits
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

// Await waits until the output matches the pattern in at least n places, and returns the
// matches. If the pattern has groups, it returns the matches of the last group.
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
			t.Fatalf("no %d of %q in the output:\n%s", n, pattern, text)
		}
	}
}

// next returns the text, and a channel that closes when there is more.
func (o *Output) next() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.text.String(), o.changed
}
