package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

const (
	patience  = time.Minute // for all clients to connect
	perServer = 20          // RPCs of a client for each server of its subset
)

// settings say how large the example is.
type settings struct{ servers, subset, few, many int }

// report is what the metrics showed.
type report struct {
	clients      []series.Policy // of the first few clients, after their RPCs
	few, many    map[string]int  // clients of each server
	stayed, came []string        // servers of the first client, after it lost one
}

// run starts a few clients and then many, and writes how they spread.
func (s settings) run(ctx context.Context, out io.Writer) (r report, err error) {
	if s.subset < 1 || s.servers <= s.subset || s.few < 1 || s.many < s.few {
		return r, fmt.Errorf("run %+v: want a subset of the servers, and more clients later than at first", s)
	}
	f, err := startFleet(s.servers, s.subset)
	defer func() { err = errors.Join(err, f.stop()) }()
	if err != nil {
		return r, err
	}
	fmt.Fprintf(out, "%d servers; each client connects to %d of them\n\n", s.servers, s.subset)
	if r.few, err = f.growTo(ctx, s.few); err != nil {
		return r, err
	}
	if r.clients, err = f.callAll(ctx, out); err != nil {
		return r, err
	}
	fmt.Fprintln(out)
	writeSpread(out, s.few, r.few)
	if r.many, err = f.growTo(ctx, s.many); err != nil {
		return r, err
	}
	writeSpread(out, s.many, r.many)
	r.stayed, r.came, err = f.loseOne(ctx)
	fmt.Fprintf(out, "\nthe resolver no longer lists one of client 1's servers: %d other takes its place, %d stay\n", len(r.came), len(r.stayed))
	return r, err
}

// growTo adds clients until there are n, and returns how many clients each server has.
func (f *fleet) growTo(ctx context.Context, n int) (map[string]int, error) {
	if err := f.grow(n); err != nil {
		return nil, err
	}
	clients := map[string]int{}
	for _, s := range f.servers {
		clients[s.addr] = 0
	}
	all, err := f.await(ctx, func(all []series.Policy) bool {
		return !slices.ContainsFunc(all, func(p series.Policy) bool { return len(p.Ready()) != f.subset })
	})
	for _, p := range all {
		for _, addr := range p.Ready() {
			clients[addr]++
		}
	}
	return clients, err
}

// callAll has each client send RPCs, and writes a line for it.
func (f *fleet) callAll(ctx context.Context, out io.Writer) ([]series.Policy, error) {
	for _, c := range f.clients {
		if err := c.call(ctx, perServer*f.subset); err != nil {
			return nil, err
		}
	}
	all, err := f.series()
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "CLIENT\tBACKENDS WITH SERIES\tREADY\tPICKS OF EACH")
	for i, p := range all {
		var picks []int
		for _, addr := range slices.Sorted(maps.Keys(p.Backends)) {
			picks = append(picks, p.Backends[addr].Picks)
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%v\n", f.clients[i].name, len(p.Backends), len(p.Ready()), picks)
	}
	return all, errors.Join(err, table.Flush())
}

// loseOne has the first client's resolver leave out a server of its subset. It returns
// which servers stayed in the subset, and which came.
func (f *fleet) loseOne(ctx context.Context) (stayed, came []string, err error) {
	before, err := f.series()
	if err != nil {
		return nil, nil, err
	}
	subset := before[0].Ready()
	left := f.servers[slices.IndexFunc(f.servers, func(s *server) bool { return s.addr == subset[0] })]
	f.clients[0].resolver.UpdateState(f.without(left))
	all, err := f.await(ctx, func(all []series.Policy) bool {
		return len(all[0].Ready()) == f.subset && all[0].Backends[left.addr].Ready == 0
	})
	if err != nil {
		return nil, nil, err
	}
	for _, addr := range all[0].Ready() {
		if slices.Contains(subset, addr) {
			stayed = append(stayed, addr)
		} else {
			came = append(came, addr)
		}
	}
	return stayed, came, nil
}

// await waits until the series of the clients show it, and returns them.
func (f *fleet) await(ctx context.Context, shown func([]series.Policy) bool) (all []series.Policy, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = wait.Until(ctx, "the metrics show that each client is connected to its subset", func() (bool, error) {
		all, err = f.series()
		return err == nil && shown(all), err
	})
	return all, err
}

// series reads the series of each client, all from one scrape.
func (f *fleet) series() ([]series.Policy, error) {
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		return nil, err
	}
	of := byTarget(families)
	var all []series.Policy
	for _, c := range f.clients {
		target := c.conn.CanonicalTarget()
		scrape := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return of[target], nil })
		p, err := series.ReadPolicy(scrape, target, roundrobin2.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// byTarget splits a scrape, so that each client need not look at the series of all.
func byTarget(families []*dto.MetricFamily) map[string][]*dto.MetricFamily {
	split := map[string][]*dto.MetricFamily{}
	for _, family := range families {
		parts := map[string]*dto.MetricFamily{}
		for _, metric := range family.GetMetric() {
			target := series.Label(metric, "grpc_target")
			if parts[target] == nil {
				parts[target] = &dto.MetricFamily{Name: family.Name}
				split[target] = append(split[target], parts[target])
			}
			parts[target].Metric = append(parts[target].Metric, metric)
		}
	}
	return split
}

func writeSpread(out io.Writer, clients int, of map[string]int) {
	counts := slices.Sorted(maps.Values(of))
	sum, none := 0, 0
	for _, n := range counts {
		if sum += n; n == 0 {
			none++
		}
	}
	fmt.Fprintf(out, "%d clients: a server has %d to %d of them, %.1f on average; servers with none: %d of %d\n",
		clients, counts[0], counts[len(counts)-1], float64(sum)/float64(len(counts)), none, len(counts))
}
