package main

import (
	"context"
	"os"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/clustertest"
	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

// The run is interrupted under load. goleak finds members that continue to run, because a
// goroutine waits for each.
func TestInterruptedRunLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(t.Context())
	if err := run(ctx, exampletest.OnText("all members serve", cancel), ""); err == nil || ctx.Err() == nil {
		t.Errorf("run: %v, want the interruption", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the directory for temporary files: %v, %v", left, err)
	}
}
