package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
)

// patience is how long a thing may take that must happen.
const patience = 30 * time.Second

const roundRobin2 = `{"loadBalancingConfig":[{"round_robin2":{}}]}`

// Settings are the times of the scenario. All are much shorter than in a real
// cluster, in about the same proportions.
type Settings struct {
	Pods int
	// Every is the time between two RPCs.
	Every time.Duration
	// MinResolutionInterval is what the dns resolver was set to: it is global, so
	// that the program has to set it, before it makes a channel.
	MinResolutionInterval time.Duration
	// MaxConnectionAge is the servers' where they have one.
	MaxConnectionAge time.Duration
	// MinReady is how long a new pod is ready before the next old one goes.
	MinReady time.Duration
	// PreStop is from a pod's leaving DNS to its GracefulStop.
	PreStop time.Duration
	// Watch is how long RPCs are counted for a share.
	Watch time.Duration
}

// stage is a cluster with a client that uses it.
type stage struct {
	*cluster.Cluster
	client *client
}

// set starts both, and returns when each pod has answered an RPC.
func (s Settings) set(ctx context.Context, config cluster.Config, opts ...grpc.DialOption) (*stage, error) {
	c, err := cluster.Start(config)
	if err != nil {
		return nil, err
	}
	cl, err := startClient(c.Target(), s.Every, opts...)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	st := &stage{c, cl}
	err = until(ctx, "RPCs reach all pods", func() (bool, error) {
		return len(st.client.count().ByPod) == config.Pods, nil
	})
	if err != nil {
		n, strikeErr := st.strike()
		return nil, errors.Join(err, n.LastErr, strikeErr)
	}
	return st, nil
}

// strike ends the load, and then the cluster.
func (st *stage) strike() (count, error) {
	n, err := st.client.stop()
	return n, errors.Join(err, st.Close())
}

// share returns the part of the RPCs that a pod answers in the time, and how
// many RPCs these are.
func (st *stage) share(ctx context.Context, pod string, watch time.Duration) (float64, int, error) {
	before := st.client.count()
	if err := pace(ctx, watch); err != nil {
		return 0, 0, err
	}
	after := st.client.count()
	total := after.Total - before.Total
	return float64(after.ByPod[pod]-before.ByPod[pod]) / float64(max(total, 1)), total, nil
}

// until polls until the condition holds.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		if ok, err := holds(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, ctx.Err())
		case <-ticker.C:
		}
	}
}

// pace lets the load run for a time. What happens in it is not waited for, but
// counted.
func pace(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
