package balancertest_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// failuresOf checks the demand and returns its failures and logs. They do not fail
// the test.
func failuresOf(t *testing.T, demand string, b balancer.Builder, opts ...balancertest.CheckOption) (failures, logs []string) {
	t.Helper()
	check, ok := balancertest.Demands()[demand]
	if !ok {
		t.Fatalf("no demand is called %q", demand)
	}
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{TB: t}
		var running sync.WaitGroup
		running.Go(func() { check(r, b, opts...) })
		running.Wait()
		failures, logs = r.failures, r.logs
	})
	return failures, logs
}

// recorder is a testing.TB that keeps the expected failures and logs of a check.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	logs     []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failures) > 0
}

func (r *recorder) Logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}
