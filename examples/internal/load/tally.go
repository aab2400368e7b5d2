package load

import (
	"cmp"
	"maps"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// Tally counts how RPCs ended for their callers. The metrics differ: they count
// attempts, and an RPC can have several or none. The zero value is ready to use. A
// Tally is safe for concurrent use.
type Tally struct {
	mu     sync.Mutex
	counts Counts
}

// Counts are the counts of a [Tally] at some moment.
type Counts struct {
	Codes   map[codes.Code]int
	Errs    map[codes.Code]error // the last error of each code
	LastErr error                // the last error of all
	Answers map[string]int       // RPCs that ended OK, by the backend that answered
}

// Add counts an RPC that the backend answered, or that failed.
func (t *Tally) Add(backend string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.counts
	if c.Codes == nil {
		c.Codes, c.Errs, c.Answers = make(map[codes.Code]int), make(map[codes.Code]error), make(map[string]int)
	}
	code := status.Code(err)
	c.Codes[code]++
	if err != nil {
		c.Errs[code], c.LastErr = err, err
		return
	}
	c.Answers[backend]++
}

// Counts returns the counts so far.
func (t *Tally) Counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts
	c.Codes, c.Errs, c.Answers = maps.Clone(c.Codes), maps.Clone(c.Errs), maps.Clone(c.Answers)
	return c
}

// OK returns the number of RPCs that succeeded.
func (c Counts) OK() int { return c.Codes[codes.OK] }

// Failed returns the number of RPCs that failed.
func (c Counts) Failed() int { return c.Total() - c.OK() }

// Total returns the number of RPCs.
func (c Counts) Total() int { return series.Total(c.Codes) }

// String returns the counts by code, such as "OK 10, Unavailable 1".
func (c Counts) String() string { return cmp.Or(series.FormatCodes(c.Codes), "none") }
