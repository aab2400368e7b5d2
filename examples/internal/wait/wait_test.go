package wait_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

func TestForWaitsForTheTimeOrTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := wait.For(t.Context(), time.Hour); err != nil || time.Since(start) != time.Hour {
			t.Errorf("%v after %v, want no error after an hour", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start = time.Now()
		if err := wait.For(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v, want the context's error after a minute", err, time.Since(start))
		}
	})
}

func TestUntilReturnsWhenTheConditionHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		calls := 0
		err := wait.Until(t.Context(), "it is called four times", func() (bool, error) {
			calls++
			return calls == 4, nil
		})
		if err != nil || time.Since(start) != 60*time.Millisecond {
			t.Errorf("%v after %v, want no error after 60ms", err, time.Since(start))
		}
	})
}

func TestUntilSaysWhatItWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken, tooLong := errors.New("broken"), errors.New("it takes too long")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, tooLong)
		defer cancel()
		for want, holds := range map[error]func() (bool, error){
			broken:  func() (bool, error) { return false, broken },
			tooLong: func() (bool, error) { return false, nil },
		} {
			err := wait.Until(ctx, "the sun rises", holds)
			if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "wait until the sun rises: ") {
				t.Errorf("error %v, want %v and what was waited for", err, want)
			}
		}
	})
}
