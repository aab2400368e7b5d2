package podchanges

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// scrapeInterval is the time between scrapes. A Prometheus that scrapes every 15 s sees
// the same, if the retention is minutes.
const scrapeInterval = 20 * time.Millisecond

// Lifetime says when scrapes saw the series of one backend. Times count from the start of
// the timeline; 0 means never.
type Lifetime struct {
	Addr                  string
	Came, Gone            time.Duration // of the series
	ReadyFrom, ReadyUntil time.Duration // first and last scrape with the backend READY
	Last                  series.Backend
}

// timeline scrapes in the background.
type timeline struct {
	target  string
	started time.Time
	cancel  context.CancelFunc
	done    chan struct{}

	// Until done is closed, only the goroutine uses these.
	lifetimes map[string]*Lifetime // by address
	minReady  int                  // -1 before the first scrape
	err       error
}

func startTimeline(target string) *timeline {
	ctx, cancel := context.WithCancel(context.Background())
	tl := &timeline{
		target: target, started: time.Now(), cancel: cancel, done: make(chan struct{}),
		lifetimes: map[string]*Lifetime{}, minReady: -1,
	}
	go tl.run(ctx)
	return tl
}

func (tl *timeline) run(ctx context.Context) {
	defer close(tl.done)
	ticker := time.NewTicker(scrapeInterval)
	defer ticker.Stop()
	for tl.err == nil {
		tl.scrape()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (tl *timeline) scrape() {
	policy, err := readSeries(tl.target)
	if err != nil {
		tl.err = err
		return
	}
	now := time.Since(tl.started)
	for addr, b := range policy.Backends {
		life := tl.lifetimes[addr]
		if life == nil {
			life = &Lifetime{Addr: addr, Came: now}
			tl.lifetimes[addr] = life
		}
		life.Last, life.Gone = b, 0
		if b.Ready > 0 {
			life.ReadyFrom = cmp.Or(life.ReadyFrom, now)
			life.ReadyUntil = now
		}
	}
	for addr, life := range tl.lifetimes {
		if _, ok := policy.Backends[addr]; !ok {
			life.Gone = cmp.Or(life.Gone, now)
		}
	}
	if n := len(policy.Ready()); tl.minReady < 0 || n < tl.minReady {
		tl.minReady = n
	}
}

// stop scrapes for the last time. It returns all lifetimes, in the order in which the
// series came, and the lowest number of READY backends.
func (tl *timeline) stop() ([]Lifetime, int, error) {
	tl.cancel()
	<-tl.done
	if tl.err == nil {
		tl.scrape()
	}
	var all []Lifetime
	for _, addr := range slices.Sorted(maps.Keys(tl.lifetimes)) {
		all = append(all, *tl.lifetimes[addr])
	}
	slices.SortStableFunc(all, func(a, b Lifetime) int { return cmp.Compare(a.Came, b.Came) })
	return all, tl.minReady, tl.err
}

func writeLifetimes(w io.Writer, all []Lifetime) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "backend\tseries came\tREADY from\tuntil\tseries gone\tRPCs\tconnections lost\tattempts failed")
	for _, l := range all {
		gone := "-"
		if l.Gone > 0 {
			gone = seconds(l.Gone)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\n", l.Addr, seconds(l.Came), seconds(l.ReadyFrom),
			seconds(l.ReadyUntil), gone, l.Last.OK(), l.Last.Disconnections, l.Last.FailedAttempts)
	}
	return t.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }
