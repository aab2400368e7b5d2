package failover

import (
	"fmt"
	"maps"
	"sync"
)

// Tally counts how the puts and gets ended.
type Tally struct {
	Acked map[string]string // puts that etcd has acknowledged
	Reads int               // gets that were answered
	Stale []string          // keys that a get did not find as acknowledged
	Errs  []error           // calls that failed; such a put may be done or not
}

// Calls is the number of calls that succeeded.
func (t Tally) Calls() int { return len(t.Acked) + t.Reads }

// counter counts calls.
type counter struct {
	mu    sync.Mutex
	tally Tally
}

// put counts a put.
func (c *counter) put(key, value string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.tally.Errs = append(c.tally.Errs, fmt.Errorf("put %s: %w", key, err))
		return
	}
	if c.tally.Acked == nil {
		c.tally.Acked = make(map[string]string)
	}
	c.tally.Acked[key] = value
}

// get counts a get of a key whose put was acknowledged.
func (c *counter) get(key string, right bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.tally.Errs = append(c.tally.Errs, fmt.Errorf("get %s: %w", key, err))
	case !right:
		c.tally.Reads++
		c.tally.Stale = append(c.tally.Stale, key)
	default:
		c.tally.Reads++
	}
}

// snapshot returns the current tally.
func (c *counter) snapshot() Tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tally
	t.Acked = maps.Clone(t.Acked)
	return t
}
