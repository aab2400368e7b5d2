package scenario_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/scenario"
)

// TestInterruptedRunLeavesNothing interrupts the run while it is under load. What
// still runs then is found by goleak: each member's process has a goroutine that
// waits for its end.
func TestInterruptedRunLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(t.Context())
	if err := scenario.Run(ctx, &until{text: "all members serve", then: cancel}, ""); err == nil || ctx.Err() == nil {
		t.Errorf("Run: %v, want the interruption", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the directory for temporary files: %v, %v", left, err)
	}
}

// until is a writer that does something when it is written a text.
type until struct {
	text string
	then func()
}

func (u *until) Write(p []byte) (int, error) {
	if strings.Contains(string(p), u.text) {
		u.then()
	}
	return len(p), nil
}
