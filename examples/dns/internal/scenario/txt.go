package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
)

// Selection is the policy that a channel came to use, by what its metrics say of
// each pod.
type Selection struct {
	Policies map[string]string // by address
	RPCs     int
	Failed   int
	LastErr  error
}

// PolicyFromDNS starts a client that would use pick_first, if DNS did not select
// another policy with a TXT record.
func (s Settings) PolicyFromDNS(ctx context.Context, w io.Writer) (result Selection, err error) {
	st, err := s.set(ctx, cluster.Config{Pods: s.Pods, ServiceConfig: roundRobin2},
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"pick_first":{}}]}`))
	if err != nil {
		return Selection{}, err
	}
	defer func() {
		n, strikeErr := st.strike()
		result.RPCs, result.Failed, result.LastErr = n.Total, n.Failed, n.LastErr
		err = errors.Join(err, strikeErr)
	}()
	err = until(ctx, "there have been ten RPCs for each pod", func() (bool, error) {
		return st.client.count().Total >= 10*s.Pods, nil
	})
	if err != nil {
		return result, err
	}
	backends, err := Backends(st.Target())
	result.Policies = map[string]string{}
	for _, addr := range slices.Sorted(maps.Keys(backends)) {
		b := backends[addr]
		result.Policies[addr] = b.Policy
		fmt.Fprintf(w, "%s: %.0f picks by %s\n", addr, b.Picks, b.Policy)
	}
	return result, err
}
