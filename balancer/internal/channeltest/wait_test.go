package channeltest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPollPausesBetweenTheCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, calls := time.Now(), 0
		done := channeltest.Poll(t.Context(), func() bool {
			calls++
			return time.Since(start) >= time.Second
		})
		if !done {
			t.Error("Poll gave up before its context ended")
		}
		if calls < 50 || calls > 60 {
			t.Errorf("%d calls in a second, want one every 20 ms or so", calls)
		}
	})
}

func TestPollEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if channeltest.Poll(ctx, func() bool { return false }) {
			t.Error("Poll returned true")
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("Poll returned after %v, want a minute", took)
		}
	})
}
