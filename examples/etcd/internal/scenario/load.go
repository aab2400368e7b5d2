package scenario

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"
)

// load calls something again and again until it is stopped.
type load struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// startLoad has workers run call once per interval each. A call that has begun is
// not interrupted when the load is stopped.
func startLoad(workers int, interval time.Duration, call func(n int)) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	for worker := range workers {
		l.done.Go(func() {
			pace := time.NewTicker(interval)
			defer pace.Stop()
			for n := worker; ; n += workers {
				select {
				case <-ctx.Done():
					return
				case <-pace.C:
				}
				if ctx.Err() == nil {
					call(n)
				}
			}
		})
	}
	return l
}

// stop ends the load and waits for the calls that are under way.
func (l *load) stop() {
	l.cancel()
	l.done.Wait()
}

// Tally is how the calls of a load ended.
type Tally struct {
	Acked map[string]string // puts that etcd has acknowledged
	Reads int               // gets that were answered
	Stale []string          // keys that a get did not find as acknowledged
	Errs  []error           // calls that failed; such a put may be done or not
}

// Calls counts the calls that succeeded.
func (t Tally) Calls() int { return len(t.Acked) + t.Reads }

// notes is a Tally that is being written.
type notes struct {
	mu    sync.Mutex
	tally Tally
}

// put notes the end of a put.
func (n *notes) put(key, value string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.tally.Errs = append(n.tally.Errs, fmt.Errorf("put %s: %w", key, err))
		return
	}
	n.tally.Acked[key] = value
}

// get notes the end of a get of a key that was acknowledged.
func (n *notes) get(key string, right bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case err != nil:
		n.tally.Errs = append(n.tally.Errs, fmt.Errorf("get %s: %w", key, err))
	case !right:
		n.tally.Reads++
		n.tally.Stale = append(n.tally.Stale, key)
	default:
		n.tally.Reads++
	}
}

func (n *notes) snapshot() Tally {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.tally
	t.Acked = maps.Clone(t.Acked)
	return t
}

// await asks until cond is true.
func await(ctx context.Context, what string, cond func() (bool, error)) error {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		ok, err := cond()
		if ok {
			return nil
		}
		if err != nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, context.Cause(ctx))
		case <-pause.C:
		}
	}
}
