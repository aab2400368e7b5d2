package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
)

// Scaling is what came of a pod that was added.
type Scaling struct {
	NewPod    string
	Share     float64 // of the RPCs, once it could have been found
	Fair      float64 // what it would be if all pods got the same
	Counted   int     // RPCs that Share is of
	Lookups   int     // in DNS, since the pod was added, until then
	HasSeries bool    // the metrics knew of the pod then
	AfterLoss float64 // its share once another pod had gone
	RPCs      int
	Failed    int
	LastErr   error
}

// ScaleUp adds a pod to a service under load, whose servers have the
// MaxConnectionAge, 0 for none. Then it takes another pod away.
func (s Settings) ScaleUp(ctx context.Context, w io.Writer, age time.Duration) (result Scaling, err error) {
	config := cluster.Config{Pods: s.Pods, Spare: 1, MaxConnectionAge: age, MaxConnectionAgeGrace: rpcTimeout}
	st, err := s.set(ctx, config, grpc.WithDefaultServiceConfig(roundRobin2))
	if err != nil {
		return Scaling{}, err
	}
	defer func() {
		n, strikeErr := st.strike()
		result.RPCs, result.Failed, result.LastErr = n.Total, n.Failed, n.LastErr
		err = errors.Join(err, strikeErr)
	}()

	before := st.Lookups()
	if result.NewPod, err = st.ScaleUp(); err != nil {
		return result, err
	}
	if age > 0 {
		err = st.untilAnswers(ctx, result.NewPod)
	} else {
		err = pace(ctx, s.Watch) // long enough for one that would be found
	}
	if err != nil {
		return result, err
	}
	result.Fair = 1 / float64(s.Pods+1)
	result.Share, result.Counted, err = st.share(ctx, result.NewPod, s.Watch)
	if err != nil {
		return result, err
	}
	result.Lookups = st.Lookups() - before
	backends, err := Backends(st.Target())
	if err != nil {
		return result, err
	}
	_, result.HasSeries = backends[result.NewPod]
	fmt.Fprintf(w, "new pod %s: %.0f %% of %d RPCs (fair: %.0f %%); DNS asked %d times since it came; has series: %t\n",
		result.NewPod, 100*result.Share, result.Counted, 100*result.Fair, result.Lookups, result.HasSeries)
	return result, s.loseOne(ctx, w, st, &result)
}

// loseOne stops the oldest pod. The client loses a connection, asks DNS, and
// learns of whatever is there by now.
func (s Settings) loseOne(ctx context.Context, w io.Writer, st *stage, result *Scaling) error {
	if err := st.ScaleDown(ctx, 1, s.PreStop); err != nil {
		return err
	}
	if err := st.untilAnswers(ctx, result.NewPod); err != nil {
		return err
	}
	var err error
	result.AfterLoss, _, err = st.share(ctx, result.NewPod, s.Watch)
	fmt.Fprintf(w, "one of the old pods stopped: now the new pod gets %.0f %%\n", 100*result.AfterLoss)
	return err
}

// untilAnswers waits until the pod gets RPCs, from now on.
func (st *stage) untilAnswers(ctx context.Context, pod string) error {
	before := st.client.count().ByPod[pod]
	return until(ctx, "an RPC reaches the new pod "+pod, func() (bool, error) {
		return st.client.count().ByPod[pod] > before, nil
	})
}
