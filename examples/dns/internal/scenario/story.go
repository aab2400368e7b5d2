package scenario

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// scrapeEvery is how often the story looks at the metrics. A Prometheus does
// every 15 s or so, which with a retention of minutes tells the same.
const scrapeEvery = 20 * time.Millisecond

// Life is what scrapes saw of the series of one backend: when they came, when
// the backend was READY first and last, and when they were gone, 0 if never.
// Times count from the start of the story.
type Life struct {
	Addr                        string
	Came, ReadyFrom, ReadyUntil time.Duration
	Gone                        time.Duration
	Last                        Backend // what the last scrape with it said
}

// story scrapes in the background.
type story struct {
	target  string
	started time.Time
	cancel  context.CancelFunc
	done    chan struct{}

	// The goroutine's until done is closed.
	lives    map[string]*Life
	minReady int
	err      error
}

func startStory(target string) *story {
	ctx, cancel := context.WithCancel(context.Background())
	s := &story{
		target: target, started: time.Now(), cancel: cancel, done: make(chan struct{}),
		lives: map[string]*Life{}, minReady: -1,
	}
	go s.run(ctx)
	return s
}

func (s *story) run(ctx context.Context) {
	defer close(s.done)
	ticker := time.NewTicker(scrapeEvery)
	defer ticker.Stop()
	for s.err == nil {
		s.scrape()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *story) scrape() {
	backends, err := Backends(s.target)
	if err != nil {
		s.err = err
		return
	}
	now := time.Since(s.started)
	for addr, b := range backends {
		life := s.lives[addr]
		if life == nil {
			life = &Life{Addr: addr, Came: now}
			s.lives[addr] = life
		}
		life.Last, life.Gone = b, 0
		if b.Ready {
			life.ReadyFrom = cmp.Or(life.ReadyFrom, now)
			life.ReadyUntil = now
		}
	}
	for addr, life := range s.lives {
		if _, ok := backends[addr]; !ok {
			life.Gone = cmp.Or(life.Gone, now)
		}
	}
	if n := len(ready(backends)); s.minReady < 0 || n < s.minReady {
		s.minReady = n
	}
}

// end scrapes a last time. It returns all lives in the order in which they came,
// and the fewest backends that were READY at a time.
func (s *story) end() ([]Life, int, error) {
	s.cancel()
	<-s.done
	if s.err == nil {
		s.scrape()
	}
	var lives []Life
	for _, addr := range slices.Sorted(maps.Keys(s.lives)) {
		lives = append(lives, *s.lives[addr])
	}
	slices.SortStableFunc(lives, func(a, b Life) int { return cmp.Compare(a.Came, b.Came) })
	return lives, s.minReady, s.err
}

// writeLives writes them as a table.
func writeLives(w io.Writer, lives []Life) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "backend\tseries came\tREADY from\tuntil\tseries gone\tRPCs\tconnections lost\tattempts failed")
	for _, l := range lives {
		gone := "-"
		if l.Gone > 0 {
			gone = seconds(l.Gone)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%.0f\t%.0f\t%.0f\n", l.Addr, seconds(l.Came), seconds(l.ReadyFrom),
			seconds(l.ReadyUntil), gone, l.Last.OK, l.Last.Lost, l.Last.FailedAttempts)
	}
	return t.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }
