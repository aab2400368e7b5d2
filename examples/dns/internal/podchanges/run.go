package podchanges

import (
	"context"
	"fmt"
	"io"

	"github.com/grpc-balancer2/balancer2/examples/internal/load"
)

// Run runs all parts of the example, one after another. It returns an error if an RPC
// fails in a part where none may.
func (s Settings) Run(ctx context.Context, w io.Writer) error {
	acts := []struct {
		title string
		play  func() error
	}{
		{"scaled up, servers without MaxConnectionAge: the new pod gets nothing", func() error {
			result, err := s.ScaleUp(ctx, w, Remedy{})
			return checkNoneFailed(w, result.RPCs, err)
		}},
		{fmt.Sprintf("scaled up, MaxConnectionAge %s: the new pod gets its share", s.MaxConnectionAge), func() error {
			result, err := s.ScaleUp(ctx, w, Remedy{MaxConnectionAge: s.MaxConnectionAge})
			return checkNoneFailed(w, result.RPCs, err)
		}},
		{fmt.Sprintf("scaled up, servers without MaxConnectionAge, resolveEvery %s: the new pod gets its share", s.ResolveEvery), func() error {
			result, err := s.ScaleUp(ctx, w, Remedy{ResolveEvery: s.ResolveEvery})
			return checkNoneFailed(w, result.RPCs, err)
		}},
		{"rolling update: no RPC fails, series come and go", func() error {
			result, err := s.RollingUpdate(ctx, w)
			return checkNoneFailed(w, result.RPCs, err)
		}},
		{fmt.Sprintf("all pods replaced within MinResolutionInterval, %s: RPCs do fail", s.MinResolutionInterval), func() error {
			_, err := s.ReplaceAllAtOnce(ctx, w)
			return err
		}},
		{"the policy comes from DNS: a TXT record selects round_robin2", func() error {
			result, err := s.PolicyFromDNS(ctx, w)
			return checkNoneFailed(w, result.RPCs, err)
		}},
	}
	for i, act := range acts {
		fmt.Fprintf(w, "--- %d. %s ---\n", i+1, act.title)
		if err := act.play(); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	return nil
}

func checkNoneFailed(w io.Writer, rpcs load.Counts, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d of %d RPCs failed\n", rpcs.Failed(), rpcs.Total())
	if rpcs.Failed() > 0 {
		return fmt.Errorf("%d of %d RPCs failed where none should, the last with: %w", rpcs.Failed(), rpcs.Total(), rpcs.LastErr)
	}
	return nil
}
