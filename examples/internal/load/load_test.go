package load_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/internal/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCallsAreMadeOnceAndNoMore(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var numbers []int
	load.Start(t.Context(), load.Config{Workers: 4, Calls: 100}, func(n int) {
		mu.Lock()
		defer mu.Unlock()
		numbers = append(numbers, n)
	}).Wait()
	slices.Sort(numbers)
	for i, n := range numbers {
		if i != n {
			t.Fatalf("calls %v, want 0 to 99", numbers)
		}
	}
	if len(numbers) != 100 {
		t.Errorf("%d calls, want 100", len(numbers))
	}
}

func TestEachWorkerCallsOncePerInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		l := load.Start(t.Context(), load.Config{Workers: 3, Interval: time.Second}, func(int) { calls.Add(1) })
		time.Sleep(10*time.Second + time.Millisecond)
		l.Stop()
		if calls.Load() != 30 {
			t.Errorf("%d calls of 3 workers in 10 intervals, want 30", calls.Load())
		}
	})
}

func TestASlowCallDelaysOnlyItsWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		l := load.Start(t.Context(), load.Config{Workers: 2, Interval: time.Second}, func(n int) {
			if n == 0 {
				time.Sleep(time.Hour)
			}
			calls.Add(1)
		})
		time.Sleep(10*time.Second + time.Millisecond)
		if calls.Load() != 10 {
			t.Errorf("%d calls, want the 10 of the other worker", calls.Load())
		}
		l.Stop()
	})
}

func TestSteadyLoadDoesNotWaitForSlowCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var begun, ended atomic.Int64
		l := load.StartSteady(t.Context(), time.Second, func() {
			begun.Add(1)
			time.Sleep(time.Hour)
			ended.Add(1)
		})
		time.Sleep(10*time.Second + time.Millisecond)
		if begun.Load() != 10 {
			t.Errorf("%d calls started in 10 intervals, want 10", begun.Load())
		}
		l.Stop()
		if ended.Load() != begun.Load() {
			t.Errorf("%d of %d calls had ended when the load had stopped, want all", ended.Load(), begun.Load())
		}
	})
}

func TestStopAndContextEndTheLoadButNotItsCalls(t *testing.T) {
	t.Parallel()
	ends := map[string]func(*load.Load, context.CancelFunc){
		"Stop":    func(l *load.Load, _ context.CancelFunc) { l.Stop(); l.Stop() },
		"context": func(l *load.Load, cancel context.CancelFunc) { cancel(); l.Wait() },
	}
	for name, end := range ends {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var begun, ended atomic.Int64
			l := load.Start(ctx, load.Config{Workers: 5, Interval: time.Second}, func(int) {
				begun.Add(1)
				time.Sleep(time.Minute)
				ended.Add(1)
			})
			time.Sleep(time.Second + time.Millisecond)
			end(l, cancel)
			if begun.Load() != 5 || ended.Load() != 5 {
				t.Errorf("%s: %d calls started, %d ended, want 5 and 5", name, begun.Load(), ended.Load())
			}
		})
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	var tally load.Tally
	if got := tally.Counts().String(); got != "none" {
		t.Errorf("counts of nothing are %q, want none", got)
	}
	first, last := status.Error(codes.Unavailable, "first"), status.Error(codes.Unavailable, "last")
	canceled := status.Error(codes.Canceled, "canceled")
	for _, err := range []error{first, canceled, last} {
		tally.Add("", err)
	}
	tally.Add("a", nil)
	before := tally.Counts()
	tally.Add("b", nil)
	tally.Add("b", nil)
	c := tally.Counts()
	if c.OK() != 3 || c.Failed() != 3 || c.Total() != 6 || c.String() != "OK 3, Canceled 1, Unavailable 2" {
		t.Errorf("%d OK, %d failed, %d in all: %v", c.OK(), c.Failed(), c.Total(), c)
	}
	if c.Answers["a"] != 1 || c.Answers["b"] != 2 || len(c.Answers) != 2 {
		t.Errorf("answers %v, want 1 of a and 2 of b", c.Answers)
	}
	if !errors.Is(c.LastErr, last) || !errors.Is(c.Errs[codes.Unavailable], last) || !errors.Is(c.Errs[codes.Canceled], canceled) {
		t.Errorf("last error %v, errors %v", c.LastErr, c.Errs)
	}
	if before.OK() != 1 {
		t.Errorf("the earlier counts have %d OK, want 1 as before", before.OK())
	}
}
