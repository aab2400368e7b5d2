package scenario

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
)

// readBackends takes the servers from -backends-file, if it is given.
func (f *flags) readBackends() error {
	if f.backendsFile == "" {
		if err := backend.CheckPorts(f.backends); err != nil {
			return usageError{fmt.Errorf("-backends: %w", err)}
		}
		return nil
	}
	backends, err := backend.ReadFile(f.backendsFile)
	if err != nil {
		return fmt.Errorf("-backends-file: %w", err)
	}
	f.backends = backends
	return nil
}

// followBackends has the channels use what -backends-file says, until ctx is
// done.
func (f *flags) followBackends(ctx context.Context, logger *slog.Logger, channels channels) {
	logger = logger.With("file", f.backendsFile)
	backend.Watch(ctx, f.backendsFile, f.backends, func(backends []backend.Backend, err error) {
		if err != nil {
			logger.Warn("backends stay as they were", "err", err)
			for _, c := range channels {
				c.resolver.ReportError(err)
			}
			return
		}
		logger.Info("backends have changed", "backends", backend.Format(backends))
		for _, c := range channels {
			if err := c.resolver.Update(f.resolved(backends)); err != nil {
				logger.Warn("policy does not take the backends", "policy", c.policy.Name, "err", err)
			}
		}
	})
}
