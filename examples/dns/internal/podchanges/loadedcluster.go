package podchanges

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

// patience is the maximum time to wait for something that must happen.
const patience = 30 * time.Second

const roundRobin2 = `{"loadBalancingConfig":[{"round_robin2":{}}]}`

// loadedCluster is a cluster with a client that sends RPCs to it.
type loadedCluster struct {
	*cluster.Cluster
	client *client
}

// start starts the cluster and the client. It returns when each pod has answered an RPC.
func (s Settings) start(ctx context.Context, config cluster.Config, opts ...grpc.DialOption) (*loadedCluster, error) {
	c, err := cluster.Start(config)
	if err != nil {
		return nil, err
	}
	cl, err := startClient(c.Target(), s.Every, opts...)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	lc := &loadedCluster{c, cl}
	err = until(ctx, "RPCs reach all pods", func() (bool, error) {
		return len(lc.client.tally.Counts().Answers) == config.Pods, nil
	})
	if err != nil {
		counts, stopErr := lc.stop()
		return nil, errors.Join(err, counts.LastErr, stopErr)
	}
	return lc, nil
}

// stop ends the load, and then the cluster.
func (lc *loadedCluster) stop() (load.Counts, error) {
	counts, err := lc.client.stop()
	return counts, errors.Join(err, lc.Close())
}

// stopInto calls stop, sets counts, and adds the error to err. Use it with defer.
func (lc *loadedCluster) stopInto(rpcs *load.Counts, err *error) {
	counts, stopErr := lc.stop()
	*rpcs, *err = counts, errors.Join(*err, stopErr)
}

// share counts RPCs for the time Watch. It returns the share that the pod answered, and
// the number of RPCs.
func (lc *loadedCluster) share(ctx context.Context, pod string, watch time.Duration) (float64, int, error) {
	before := lc.client.tally.Counts()
	if err := wait.For(ctx, watch); err != nil {
		return 0, 0, err
	}
	after := lc.client.tally.Counts()
	total := after.Total() - before.Total()
	return float64(after.Answers[pod]-before.Answers[pod]) / float64(max(total, 1)), total, nil
}

// untilAnswers waits until the pod answers another RPC.
func (lc *loadedCluster) untilAnswers(ctx context.Context, pod string) error {
	before := lc.client.tally.Counts().Answers[pod]
	return until(ctx, "an RPC reaches the new pod "+pod, func() (bool, error) {
		return lc.client.tally.Counts().Answers[pod] > before, nil
	})
}

// until waits for something that must happen.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return wait.Until(ctx, what, holds)
}
