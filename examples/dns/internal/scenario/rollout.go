package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
)

// Update is what came of a rolling update.
type Update struct {
	Old, New []string // addresses
	Lives    []Life   // of all series, as scrapes saw them
	MinReady int      // the fewest backends that a scrape saw READY
	Lookups  int      // in DNS, during the update
	RPCs     int
	Answered map[string]int // of these, by address
	Failed   int
	LastErr  error
}

// RollingUpdate replaces all pods one by one, under load, and goes on until the
// series of the old ones have gone.
func (s Settings) RollingUpdate(ctx context.Context, w io.Writer) (result Update, err error) {
	config := cluster.Config{Pods: s.Pods, Spare: s.Pods, MaxConnectionAge: s.MaxConnectionAge, MaxConnectionAgeGrace: rpcTimeout}
	st, err := s.set(ctx, config, grpc.WithDefaultServiceConfig(roundRobin2))
	if err != nil {
		return Update{}, err
	}
	story := startStory(st.Target())
	defer func() {
		n, strikeErr := st.strike()
		result.RPCs, result.Answered, result.Failed, result.LastErr = n.Total, n.ByPod, n.Failed, n.LastErr
		err = errors.Join(err, strikeErr)
	}()

	result.Old = st.Pods()
	before := st.Lookups()
	err = st.RollingUpdate(ctx, s.MinReady, s.PreStop)
	result.New = st.Pods()
	if err == nil {
		err = until(ctx, "the series of the old pods are gone", func() (bool, error) {
			return onlyReady(st.Target(), result.New)
		})
	}
	result.Lookups = st.Lookups() - before
	var storyErr error
	result.Lives, result.MinReady, storyErr = story.end()
	writeErr := writeLives(w, result.Lives)
	fmt.Fprintf(w, "never fewer than %d backends READY; DNS asked %d times\n", result.MinReady, result.Lookups)
	return result, errors.Join(err, storyErr, writeErr)
}

// onlyReady tells whether the target has series of these backends only, all of
// them READY.
func onlyReady(target string, pods []string) (bool, error) {
	backends, err := Backends(target)
	if err != nil || len(backends) != len(pods) {
		return false, err
	}
	for _, pod := range pods {
		if !backends[pod].Ready {
			return false, nil
		}
	}
	return true, nil
}

// Hurry replaces one pod, and all others at once as soon as the client has asked
// DNS: it may not ask again before the minimum interval is over, and knows nobody
// until then but pods that are gone.
func (s Settings) Hurry(ctx context.Context, w io.Writer) (result Update, err error) {
	config := cluster.Config{Pods: s.Pods, Spare: s.Pods}
	st, err := s.set(ctx, config, grpc.WithDefaultServiceConfig(roundRobin2))
	if err != nil {
		return Update{}, err
	}
	defer func() {
		n, strikeErr := st.strike()
		result.RPCs, result.Answered, result.Failed, result.LastErr = n.Total, n.ByPod, n.Failed, n.LastErr
		fmt.Fprintf(w, "%d of %d RPCs failed, the last with: %v\n", result.Failed, result.RPCs, result.LastErr)
		err = errors.Join(err, strikeErr)
	}()

	result.Old = st.Pods()
	// The first interval must be over, or else the loss is not answered at once.
	if err := pace(ctx, s.MinResolutionInterval); err != nil {
		return result, err
	}
	before := st.Lookups()
	if err := st.ScaleDown(ctx, 1, 0); err != nil {
		return result, err
	}
	err = until(ctx, "the client asks DNS", func() (bool, error) { return st.Lookups() > before, nil })
	if err != nil {
		return result, err
	}
	for range s.Pods {
		if _, err := st.ScaleUp(); err != nil {
			return result, err
		}
	}
	if err := st.ScaleDown(ctx, s.Pods-1, 0); err != nil {
		return result, err
	}
	result.New = st.Pods()
	for _, pod := range result.New {
		if err := st.untilAnswers(ctx, pod); err != nil {
			return result, err
		}
	}
	result.Lookups = st.Lookups() - before
	return result, nil
}
