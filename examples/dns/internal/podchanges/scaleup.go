package podchanges

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

// Scaling is the result of adding a pod.
type Scaling struct {
	NewPod    string
	Share     float64 // of the RPCs, after the client had time to find the pod
	Fair      float64 // the share if all pods got the same
	Counted   int     // RPCs that Share was computed from
	Lookups   int     // in DNS, from the pod's start until Share was known
	HasSeries bool    // whether the metrics had the pod then
	AfterLoss float64 // the pod's share after another pod had stopped
	RPCs      load.Counts
}

// ScaleUp adds a pod to a service under load, and then stops another one. age is the
// servers' MaxConnectionAge; 0 means no limit.
func (s Settings) ScaleUp(ctx context.Context, w io.Writer, age time.Duration) (result Scaling, err error) {
	config := cluster.Config{Pods: s.Pods, Spare: 1, MaxConnectionAge: age, MaxConnectionAgeGrace: rpcTimeout}
	lc, err := s.start(ctx, config, grpc.WithDefaultServiceConfig(roundRobin2))
	if err != nil {
		return Scaling{}, err
	}
	defer lc.stopInto(&result.RPCs, &err)

	before := lc.Lookups()
	if result.NewPod, err = lc.ScaleUp(); err != nil {
		return result, err
	}
	if age > 0 {
		err = lc.untilAnswers(ctx, result.NewPod)
	} else {
		err = wait.For(ctx, s.Watch) // long enough to find the pod, if the client looked for it
	}
	if err != nil {
		return result, err
	}
	result.Fair = 1 / float64(s.Pods+1)
	result.Share, result.Counted, err = lc.share(ctx, result.NewPod, s.Watch)
	if err != nil {
		return result, err
	}
	result.Lookups = lc.Lookups() - before
	policy, err := readSeries(lc.Target())
	if err != nil {
		return result, err
	}
	_, result.HasSeries = policy.Backends[result.NewPod]
	fmt.Fprintf(w, "new pod %s: %.0f %% of %d RPCs (fair: %.0f %%); DNS asked %d times since it came; has series: %t\n",
		result.NewPod, 100*result.Share, result.Counted, 100*result.Fair, result.Lookups, result.HasSeries)
	return result, s.stopOldest(ctx, w, lc, &result)
}

// stopOldest stops the oldest pod. The client loses a connection, asks DNS, and
// learns of the new pod.
func (s Settings) stopOldest(ctx context.Context, w io.Writer, lc *loadedCluster, result *Scaling) error {
	if err := lc.ScaleDown(ctx, 1, s.PreStop); err != nil {
		return err
	}
	if err := lc.untilAnswers(ctx, result.NewPod); err != nil {
		return err
	}
	var err error
	result.AfterLoss, _, err = lc.share(ctx, result.NewPod, s.Watch)
	fmt.Fprintf(w, "one of the old pods stopped: now the new pod gets %.0f %%\n", 100*result.AfterLoss)
	return err
}
