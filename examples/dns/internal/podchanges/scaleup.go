package podchanges

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

// Remedy is what has a client find a new pod while no old one stops. The zero Remedy is
// none.
type Remedy struct {
	MaxConnectionAge time.Duration // of the servers; 0 means no limit
	ResolveEvery     time.Duration // of the client's policy; 0 means never
}

func (r Remedy) serviceConfig() string {
	if r.ResolveEvery == 0 {
		return roundRobin2
	}
	return fmt.Sprintf(`{"loadBalancingConfig":[{"round_robin2":{"resolveEvery":%q}}]}`, lbconfig.Duration(r.ResolveEvery))
}

// Scaling is the result of adding a pod.
type Scaling struct {
	NewPod    string
	Found     time.Duration // from the pod's start to its first answer; 0 if there was none
	Share     float64       // of the RPCs, after the client had time to find the pod
	Fair      float64       // the share if all pods got the same
	Counted   int           // RPCs that Share was computed from
	Lookups   int           // in DNS, from the pod's start until Share was known
	Lost      int           // connections, until then, according to the metrics
	HasSeries bool          // whether the metrics had the pod then
	AfterLoss float64       // the pod's share after another pod had stopped
	RPCs      load.Counts
}

// ScaleUp adds a pod to a service under load, and then stops another one.
func (s Settings) ScaleUp(ctx context.Context, w io.Writer, remedy Remedy) (result Scaling, err error) {
	config := cluster.Config{Pods: s.Pods, Spare: 1, MaxConnectionAge: remedy.MaxConnectionAge, MaxConnectionAgeGrace: rpcTimeout}
	lc, err := s.start(ctx, config, grpc.WithDefaultServiceConfig(remedy.serviceConfig()))
	if err != nil {
		return Scaling{}, err
	}
	defer lc.stopInto(&result.RPCs, &err)

	before, started := lc.Lookups(), time.Now()
	if result.NewPod, err = lc.ScaleUp(); err != nil {
		return result, err
	}
	if remedy == (Remedy{}) {
		err = wait.For(ctx, s.Watch) // long enough to find the pod, if the client looked for it
	} else {
		err = lc.untilAnswers(ctx, result.NewPod)
		result.Found = time.Since(started)
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
	result.Lost = policy.Sum().Disconnections
	result.write(w)
	return result, s.stopOldest(ctx, w, lc, &result)
}

func (r Scaling) write(w io.Writer) {
	first := "no RPC"
	if r.Found > 0 {
		first = "first RPC after " + seconds(r.Found)
	}
	fmt.Fprintf(w, "new pod %s: %s; then %.0f %% of %d RPCs (fair: %.0f %%); has series: %t\n",
		r.NewPod, first, 100*r.Share, r.Counted, 100*r.Fair, r.HasSeries)
	fmt.Fprintf(w, "since it came: DNS asked %d times; connections lost: %d\n", r.Lookups, r.Lost)
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
