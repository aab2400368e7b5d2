package podchanges

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
)

// Update is the result of a rolling update.
type Update struct {
	Old, New  []string   // addresses of the pods before and after
	Lifetimes []Lifetime // of the backends' series
	MinReady  int        // the fewest backends READY in a scrape
	Lookups   int        // in DNS, during the update
	RPCs      load.Counts
}

// RollingUpdate replaces all pods one by one under load. Then it waits until the series
// of the old pods are gone.
func (s Settings) RollingUpdate(ctx context.Context, w io.Writer) (result Update, err error) {
	config := cluster.Config{Pods: s.Pods, Spare: s.Pods, MaxConnectionAge: s.MaxConnectionAge, MaxConnectionAgeGrace: rpcTimeout}
	lc, err := s.start(ctx, config, grpc.WithDefaultServiceConfig(roundRobin2))
	if err != nil {
		return Update{}, err
	}
	scrapes := startTimeline(lc.Target())
	defer lc.stopInto(&result.RPCs, &err)

	result.Old = lc.Pods()
	before := lc.Lookups()
	err = lc.RollingUpdate(ctx, s.MinReady, s.PreStop)
	result.New = lc.Pods()
	if err == nil {
		err = until(ctx, "the series of the old pods are gone", func() (bool, error) {
			return onlyReady(lc.Target(), result.New)
		})
	}
	result.Lookups = lc.Lookups() - before
	var scrapeErr error
	result.Lifetimes, result.MinReady, scrapeErr = scrapes.stop()
	writeErr := writeLifetimes(w, result.Lifetimes)
	fmt.Fprintf(w, "never fewer than %d backends READY; DNS asked %d times\n", result.MinReady, result.Lookups)
	return result, errors.Join(err, scrapeErr, writeErr)
}

// onlyReady reports whether the target has series of these pods and no others,
// and all of them are READY.
func onlyReady(target string, pods []string) (bool, error) {
	policy, err := readSeries(target)
	if err != nil || len(policy.Backends) != len(pods) {
		return false, err
	}
	for _, pod := range pods {
		if policy.Backends[pod].Ready == 0 {
			return false, nil
		}
	}
	return true, nil
}
