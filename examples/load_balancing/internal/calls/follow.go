package calls

import (
	"context"
	"log/slog"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/cli"
)

// followFile gives the backends in -backends-file to the channels' resolvers, until
// ctx is done.
func followFile(ctx context.Context, flags *cli.Flags, logger *slog.Logger, channels channels) {
	logger = logger.With("file", flags.BackendsFile)
	backend.Watch(ctx, flags.BackendsFile, flags.Backends, func(backends []backend.Backend, err error) {
		if err != nil {
			logger.Warn("backends stay as they were", "err", err)
			for _, c := range channels {
				c.resolver.ReportError(err)
			}
			return
		}
		logger.Info("backends have changed", "backends", backend.Format(backends))
		for _, c := range channels {
			if err := c.resolver.Update(flags.Announced(backends)); err != nil {
				logger.Warn("policy does not take the backends", "policy", c.policy.Name, "err", err)
			}
		}
	})
}
