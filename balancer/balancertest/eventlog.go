package balancertest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/resolver"
)

// eventLog is the record that [ClientConn.Events] returns. It calls nothing under
// its mutex, so callers may hold any other.
type eventLog struct {
	on atomic.Bool

	mu    sync.Mutex
	lines []string
}

// enabled reports whether the log is on. Callers ask before they call note, so
// that a log that is off costs nothing.
func (l *eventLog) enabled() bool { return l.on.Load() }

func (l *eventLog) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// endpointList formats endpoints as [a:1 b:1]. It writes an endpoint with several
// addresses as a:1+a:2.
func endpointList(endpoints []resolver.Endpoint) string {
	texts := make([]string, len(endpoints))
	for i, e := range endpoints {
		texts[i] = addressList(e.Addresses)
	}
	return "[" + strings.Join(texts, " ") + "]"
}

func addressList(addrs []resolver.Address) string {
	texts := make([]string, len(addrs))
	for i, a := range addrs {
		texts[i] = a.Addr
	}
	return strings.Join(texts, "+")
}

// outcome formats the result of a call.
func outcome(err error) string {
	if err == nil {
		return "accepted"
	}
	return "error: " + err.Error()
}
