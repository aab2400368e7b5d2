package balancertest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/resolver"
)

// Record has the channel keep a record of all that happens from now on, see
// [ClientConn.Events]. Without it nothing is kept.
func (cc *ClientConn) Record() { cc.log.on.Store(true) }

// Events returns what happened since [ClientConn.Record], one line for each
// event, in order: what the channel told the policy, and what the policy did.
// The lines are for people: print them when a test fails.
func (cc *ClientConn) Events() []string {
	cc.log.mu.Lock()
	defer cc.log.mu.Unlock()
	return slices.Clone(cc.log.lines)
}

// eventLog is the record. Its mutex may be taken under any other.
type eventLog struct {
	on atomic.Bool

	mu    sync.Mutex
	lines []string
}

// enabled tells whether note keeps anything. Callers ask first, so that events
// that nobody wants cost nothing.
func (l *eventLog) enabled() bool { return l.on.Load() }

func (l *eventLog) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// endpointList writes endpoints as [a:1 b:1], those with several addresses as
// a:1+a:2.
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

// outcome is the end of an event's line.
func outcome(err error) string {
	if err == nil {
		return "accepted"
	}
	return "error: " + err.Error()
}
