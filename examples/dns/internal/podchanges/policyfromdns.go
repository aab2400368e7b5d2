package podchanges

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// Selection says which policy a channel used, according to the metrics.
type Selection struct {
	Policies map[string]string // by the address of the pod
	RPCs     load.Counts
}

// PolicyFromDNS starts a client whose default policy is pick_first. A TXT record in DNS
// selects round_robin2.
func (s Settings) PolicyFromDNS(ctx context.Context, w io.Writer) (result Selection, err error) {
	lc, err := s.start(ctx, cluster.Config{Pods: s.Pods, ServiceConfig: roundRobin2},
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"pick_first":{}}]}`))
	if err != nil {
		return Selection{}, err
	}
	defer lc.stopInto(&result.RPCs, &err)
	err = until(ctx, "there have been ten RPCs for each pod", func() (bool, error) {
		return lc.client.tally.Counts().Total() >= 10*s.Pods, nil
	})
	if err != nil {
		return result, err
	}
	policies, err := series.Read(registry, lc.Target())
	result.Policies = map[string]string{}
	for name, policy := range policies {
		for _, addr := range slices.Sorted(maps.Keys(policy.Backends)) {
			result.Policies[addr] = name
			fmt.Fprintf(w, "%s: %d picks by %s\n", addr, policy.Backends[addr].Picks, name)
		}
	}
	return result, err
}
