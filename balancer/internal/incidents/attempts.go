package incidents

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/stats"
)

// attempts is a stats handler that remembers all RPC attempts of a channel that
// reached a connection.
type attempts struct {
	mu     sync.Mutex
	byAddr map[string][]*attempt // in the order in which they were sent
}

// attempt is an RPC attempt. The policy picked between begun and sent, and its Done was
// called between answered and ended.
type attempt struct {
	begun, sent, answered, ended time.Time // ended is zero while it is in flight
	failed                       bool
}

func newAttempts() *attempts { return &attempts{byAddr: make(map[string][]*attempt)} }

type attemptKey struct{}

// TagRPC implements [stats.Handler]. gRPC calls it for each attempt.
func (all *attempts) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, attemptKey{}, &attempt{})
}

// HandleRPC implements [stats.Handler].
func (all *attempts) HandleRPC(ctx context.Context, event stats.RPCStats) {
	a := ctx.Value(attemptKey{}).(*attempt)
	now := time.Now()
	all.mu.Lock()
	defer all.mu.Unlock()
	switch event := event.(type) {
	case *stats.Begin:
		a.begun = now
	case *stats.OutHeader:
		a.sent, a.answered = now, now
		addr := event.RemoteAddr.String()
		all.byAddr[addr] = append(all.byAddr[addr], a)
	case *stats.InTrailer:
		a.answered = now
	case *stats.End:
		a.ended, a.failed = now, event.Error != nil
	}
}

// TagConn implements [stats.Handler].
func (all *attempts) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements [stats.Handler].
func (all *attempts) HandleConn(context.Context, stats.ConnStats) {}

// bounds are the least and the greatest value that a number can have had.
type bounds struct{ least, most int }

func (b *bounds) count(certain, possible bool) {
	if certain {
		b.least++
	}
	if possible {
		b.most++
	}
}

// counted is what the stats handler counted of a backend in a window.
type counted struct {
	started, ended, failed bounds
	took                   []time.Duration // durations of the attempts that may have ended in it
}

// in returns what happened to an address in a window of the given span that ended
// after one moment and before another.
func (all *attempts) in(addr string, span time.Duration, after, before time.Time) counted {
	all.mu.Lock()
	defer all.mu.Unlock()
	var c counted
	earliest, latest := after.Add(-span), before.Add(-span) // when it began
	within := func(from, to time.Time) (certain, possible bool) {
		return from.After(latest) && to.Before(after), to.After(earliest) && from.Before(before)
	}
	for _, a := range all.byAddr[addr] {
		c.started.count(within(a.begun, a.sent))
		if a.ended.IsZero() {
			continue
		}
		certain, possible := within(a.answered, a.ended)
		c.ended.count(certain, possible)
		if a.failed {
			c.failed.count(certain, possible)
		}
		if possible {
			c.took = append(c.took, a.ended.Sub(a.sent))
		}
	}
	return c
}
