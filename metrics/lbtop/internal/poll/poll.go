// Package poll asks many processes for their live pages, again and again. All are
// asked at once, so that one that is slow holds up no other.
package poll

import (
	"context"
	"sync"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
)

// Getter reads the page of one process. [fetch.Client] is one. Get must return soon
// after its context ends.
type Getter interface {
	Get(ctx context.Context) (*fetch.Page, error)
}

// Client is what is known of one process. Page and Err are both nil until it has
// answered or failed for the first time. Times are by lbtop's own clock.
type Client struct {
	Name  string
	Page  *fetch.Page // the answer to the last poll; nil if that failed
	At    time.Time   // when it last answered; zero if never
	Err   error       // why the last poll failed; nil if it did not
	Since time.Time   // when the first of the polls that fail now began
}

// Poller polls processes. Make one with [New], then call Run.
type Poller struct {
	interval time.Duration
	getters  []Getter
	changed  chan struct{}
	polled   chan struct{} // closed when all have been polled once

	mu      sync.Mutex
	clients []Client // guarded by mu
	waiting int      // number of clients not polled yet; guarded by mu
}

// New returns a poller of the processes, by name. The time between two polls of one
// process is the interval, or as long as the first takes if that is longer.
func New(names []string, getters []Getter, interval time.Duration) *Poller {
	p := &Poller{
		interval: interval, getters: getters, changed: make(chan struct{}, 1), polled: make(chan struct{}),
		clients: make([]Client, len(names)), waiting: len(names),
	}
	for i, name := range names {
		p.clients[i].Name = name
	}
	return p
}

// Run polls until the context ends. It must be called once.
func (p *Poller) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for i := range p.getters {
		wg.Go(func() { p.poll(ctx, i) })
	}
	wg.Wait()
}

// poll polls one process until the context ends.
func (p *Poller) poll(ctx context.Context, i int) {
	ticker := time.NewTicker(p.interval)
	defer ticker.Stop()
	for {
		began := time.Now()
		page, err := p.getters[i].Get(ctx)
		if ctx.Err() != nil {
			return // the error is that of the end
		}
		p.record(i, page, err, began)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (p *Poller) record(i int, page *fetch.Page, err error, began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &p.clients[i]
	first := c.Page == nil && c.Err == nil
	if err == nil {
		c.At, c.Since = time.Now(), time.Time{}
	} else if c.Err == nil {
		c.Since = began
	}
	c.Page, c.Err = page, err
	if first {
		if p.waiting--; p.waiting == 0 {
			close(p.polled)
		}
	}
	select {
	case p.changed <- struct{}{}:
	default: // the reader has not taken the last signal, and will see this change too
	}
}

// Clients returns what is known of the processes now, in the order of New. The
// pages are shared: do not change them.
func (p *Poller) Clients() []Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Client(nil), p.clients...)
}

// Changed returns a channel that has an element after a poll ended, for one reader.
func (p *Poller) Changed() <-chan struct{} { return p.changed }

// Polled returns a channel that is closed when each process has answered or failed.
func (p *Poller) Polled() <-chan struct{} { return p.polled }
