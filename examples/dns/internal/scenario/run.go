package scenario

import (
	"context"
	"fmt"
	"io"
)

// Run plays all acts, one after the other, and fails if an RPC fails where none
// must.
func (s Settings) Run(ctx context.Context, w io.Writer) error {
	acts := []struct {
		title string
		play  func() error
	}{
		{"scaled up, servers without MaxConnectionAge: the new pod gets nothing", func() error {
			result, err := s.ScaleUp(ctx, w, 0)
			return noneFailed(w, err, result.Failed, result.RPCs, result.LastErr)
		}},
		{fmt.Sprintf("scaled up, MaxConnectionAge %s: the new pod gets its share", s.MaxConnectionAge), func() error {
			result, err := s.ScaleUp(ctx, w, s.MaxConnectionAge)
			return noneFailed(w, err, result.Failed, result.RPCs, result.LastErr)
		}},
		{"rolling update: no RPC fails, series come and go", func() error {
			result, err := s.RollingUpdate(ctx, w)
			return noneFailed(w, err, result.Failed, result.RPCs, result.LastErr)
		}},
		{fmt.Sprintf("all pods replaced within MinResolutionInterval, %s: RPCs do fail", s.MinResolutionInterval), func() error {
			_, err := s.Hurry(ctx, w)
			return err
		}},
		{"the policy comes from DNS: a TXT record selects round_robin2", func() error {
			result, err := s.PolicyFromDNS(ctx, w)
			return noneFailed(w, err, result.Failed, result.RPCs, result.LastErr)
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

func noneFailed(w io.Writer, err error, failed, total int, last error) error {
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d of %d RPCs failed\n", failed, total)
	if failed > 0 {
		return fmt.Errorf("%d of %d RPCs failed where none should, the last with: %w", failed, total, last)
	}
	return nil
}
