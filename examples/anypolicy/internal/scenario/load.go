package scenario

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
)

const (
	// callers send RPCs at the same time, each as soon as its last one ended.
	callers = 12
	// users take turns.
	users = 30
)

// Tally is what the callers saw.
type Tally struct {
	mu     sync.Mutex
	codes  map[codes.Code]int
	byAddr map[string]int // answers
}

// NewTally returns one without any RPCs.
func NewTally() *Tally {
	return &Tally{codes: map[codes.Code]int{}, byAddr: map[string]int{}}
}

func (t *Tally) add(addr string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.codes[status.Code(err)]++
	if err == nil {
		t.byAddr[addr]++
	}
}

// OK returns how many RPCs were answered.
func (t *Tally) OK() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.codes[codes.OK]
}

// Codes returns how many RPCs ended with each code.
func (t *Tally) Codes() map[codes.Code]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.codes)
}

// From returns how many RPCs a server answered.
func (t *Tally) From(addr string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byAddr[addr]
}

// Send sends n RPCs. One that fails is counted, and is no reason to stop.
func (w *World) Send(ctx context.Context, n int) *Tally {
	var left atomic.Int64
	left.Store(int64(n))
	return w.load(ctx, NewTally(), func() (int, bool) {
		i := int(left.Add(-1))
		return i, i >= 0
	})
}

// SendUntil sends RPCs until the channel is closed, and counts them in t.
func (w *World) SendUntil(ctx context.Context, t *Tally, over <-chan struct{}) {
	var next atomic.Int64
	w.load(ctx, t, func() (int, bool) {
		select {
		case <-over:
			return 0, false
		default:
			return int(next.Add(1)), true
		}
	})
}

func (w *World) load(ctx context.Context, t *Tally, next func() (int, bool)) *Tally {
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for ctx.Err() == nil {
				i, more := next()
				if !more {
					return
				}
				t.add(w.Call(ctx, i%users))
			}
		})
	}
	all.Wait()
	return t
}

// Warm sends RPCs until the policy does what it is to do: until it knows each
// backend and, if it goes by load, their loads.
func (w *World) Warm(ctx context.Context) error {
	t := NewTally()
	for user := range users {
		t.add(w.Call(ctx, user))
	}
	for !w.warm(t) {
		t = w.Send(ctx, 60)
		if ctx.Err() != nil {
			return fmt.Errorf("warm up %s: answers of the last RPCs are %v: %w", w.Name, t.byAddr, ctx.Err())
		}
	}
	return nil
}

func (w *World) warm(t *Tally) bool {
	switch w.Policy {
	case policies.PickFirst.Policy, policies.RingHash.Policy:
		return t.OK() > 0
	case policies.WeightsPerCall.Policy:
		// Weights make it a fifth; without them it would be a third.
		return len(t.byAddr) == len(w.Servers) && t.From(w.Loaded().Addr)*4 < t.OK()
	default:
		return len(t.byAddr) == len(w.Servers)
	}
}
