package podchanges

import (
	"context"
	"fmt"
	"io"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

// ReplaceAllAtOnce stops one pod, so that the client asks DNS. Then it replaces all other
// pods. The client may not ask again until MinResolutionInterval is over. Until then it
// knows no running pod.
func (s Settings) ReplaceAllAtOnce(ctx context.Context, w io.Writer) (result Update, err error) {
	config := cluster.Config{Pods: s.Pods, Spare: s.Pods}
	lc, err := s.start(ctx, config, grpc.WithDefaultServiceConfig(roundRobin2))
	if err != nil {
		return Update{}, err
	}
	defer func() {
		lc.stopInto(&result.RPCs, &err)
		fmt.Fprintf(w, "%d of %d RPCs failed, the last with: %v\n", result.RPCs.Failed(), result.RPCs.Total(), result.RPCs.LastErr)
	}()

	result.Old = lc.Pods()
	// Once the first interval is over, the client asks DNS as soon as it loses a
	// connection.
	if err := wait.For(ctx, s.MinResolutionInterval); err != nil {
		return result, err
	}
	before := lc.Lookups()
	if err := lc.ScaleDown(ctx, 1, 0); err != nil {
		return result, err
	}
	err = until(ctx, "the client asks DNS", func() (bool, error) { return lc.Lookups() > before, nil })
	if err != nil {
		return result, err
	}
	for range s.Pods {
		if _, err := lc.ScaleUp(); err != nil {
			return result, err
		}
	}
	if err := lc.ScaleDown(ctx, s.Pods-1, 0); err != nil {
		return result, err
	}
	result.New = lc.Pods()
	for _, pod := range result.New {
		if err := lc.untilAnswers(ctx, pod); err != nil {
			return result, err
		}
	}
	result.Lookups = lc.Lookups() - before
	return result, nil
}
