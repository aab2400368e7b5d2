// Package clustertest starts etcd clusters for tests.
package clustertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
)

// Main is a TestMain for tests that start clusters.
func Main(m *testing.M) {
	cluster.ServeIfMember()
	goleak.VerifyTestMain(m)
}

// Start starts a cluster that lives as long as the test. Its members run the program
// etcd, or if program is "", etcd's embedded server.
func Start(t *testing.T, program string) (context.Context, *cluster.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Minute, errors.New("the test takes too long"))
	t.Cleanup(cancel)
	c, err := cluster.Start(ctx, program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return ctx, c
}
