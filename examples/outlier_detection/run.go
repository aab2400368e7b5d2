package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

const (
	backends = 5
	sample   = 100 // RPCs over which a step counts picks
	patience = time.Minute
)

// step is what the metrics showed after something had happened.
type step struct {
	title    string
	backends []series.Backend // b1, b2, …; counters are those of a sample
}

// run has one backend fail, then a second, and then none, and writes what the metrics
// show. It returns the steps.
func run(ctx context.Context, out io.Writer, serviceConfig string) (steps []step, err error) {
	all, err := startServers(backends)
	defer func() { err = errors.Join(err, all.stop()) }()
	if err != nil {
		return nil, err
	}
	c, err := startClient(all, serviceConfig)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	usable := func(n int) func(series.Policy) bool {
		return func(p series.Policy) bool { return p.Sum().Usable == n }
	}
	for _, s := range []struct {
		title string
		sick  []*server
		shown func(series.Policy) bool
	}{
		{"all backends are well", nil, usable(backends)},
		{"b3 fails each RPC, and is ejected", all[2:3], leftOut(all[2])},
		{"b4 fails, too, but at most 20 % of the backends are ejected", all[2:4], failsAlso(all[3])},
		{"both are well, and are used again when the ejection ends", nil, usable(backends)},
	} {
		for _, server := range all {
			server.sick.Store(false)
		}
		for _, server := range s.sick {
			server.sick.Store(true)
		}
		done, err := c.watch(ctx, out, all, s.title, s.shown)
		if err != nil {
			return steps, err
		}
		steps = append(steps, done)
	}
	counts := c.tally.Counts()
	fmt.Fprintf(out, "%d of %d RPCs failed\n", counts.Failed(), counts.Total())
	return steps, nil
}

// leftOut returns a condition that holds once the backend is ejected, and gets no RPC
// while others do. RPCs that were picked before have ended.
func leftOut(s *server) func(series.Policy) bool {
	var last series.Policy
	return func(now series.Policy) bool {
		b := now.Backends[s.addr]
		if b.Unusable["ejected"] == 0 || b.InFlight > 0 || b.Picks != last.Backends[s.addr].Picks {
			last = now
			return false
		}
		return now.Since(last).Sum().Ended() >= 20
	}
}

// failsAlso returns a condition that holds once the backend has failed long enough for
// it to be ejected: for two intervals.
func failsAlso(s *server) func(series.Policy) bool {
	var first time.Time
	return func(p series.Policy) bool {
		if first.IsZero() && p.Backends[s.addr].NotOK() > 0 {
			first = time.Now()
		}
		return !first.IsZero() && time.Since(first) > time.Second
	}
}

// watch waits until the metrics show the effect. Then it takes a sample of RPCs, and
// writes what they show of it.
func (c *client) watch(ctx context.Context, out io.Writer, all servers, title string, shown func(series.Policy) bool) (step, error) {
	start := time.Now()
	fmt.Fprintf(out, "--- %s ---\n", title)
	failed := c.tally.Counts().Failed()
	before, err := c.await(ctx, shown)
	if err != nil {
		return step{}, fmt.Errorf("%s: %w", title, err)
	}
	took, lost := time.Since(start), c.tally.Counts().Failed()-failed
	after, err := c.await(ctx, func(p series.Policy) bool { return p.Since(before).Sum().Ended() >= sample })
	if err != nil {
		return step{}, fmt.Errorf("%s: %w", title, err)
	}
	s := step{title: title}
	for _, server := range all {
		s.backends = append(s.backends, after.Since(before).Backends[server.addr])
	}
	fmt.Fprintf(out, "seen in the metrics after %.1fs; %d RPCs failed until then\n", took.Seconds(), lost)
	return s, s.write(out, all)
}

func (c *client) await(ctx context.Context, shown func(series.Policy) bool) (p series.Policy, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = wait.Until(ctx, "the metrics show it", func() (bool, error) {
		p, err = c.series()
		return err == nil && shown(p), err
	})
	return p, err
}

func (s step) write(out io.Writer, all servers) error {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "BACKEND\tPICKS\tRPCS BY CODE\tREADY\tUSABLE\tUNUSABLE")
	for i, b := range s.backends {
		fmt.Fprintf(table, "%s\t%d\t%s\t%d\t%d\t%s\n", all[i].name, b.Picks, cmp.Or(series.FormatCodes(b.RPCs), "-"),
			b.Ready, b.Usable, cmp.Or(series.FormatCodes(b.Unusable), "-"))
	}
	fmt.Fprintln(table)
	return table.Flush()
}
