package poll_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type getter func(ctx context.Context) (*fetch.Page, error)

func (g getter) Get(ctx context.Context) (*fetch.Page, error) { return g(ctx) }

// after returns a getter that takes its time, and then fails with what err returns.
func after(d time.Duration, err func() error) getter {
	return func(ctx context.Context) (*fetch.Page, error) {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if e := err(); e != nil {
			return nil, e
		}
		return &fetch.Page{Time: time.Now()}, nil
	}
}

func well() error { return nil }

// polling runs a poller in a bubble, and ends it after the test.
func polling(t *testing.T, test func(t *testing.T, p *poll.Poller), getters ...poll.Getter) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		names := []string{"a", "b", "c"}[:len(getters)]
		p := poll.New(names, getters, 2*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			p.Run(ctx)
		}()
		test(t, p)
		cancel()
		synctest.Wait()
		select {
		case <-ended:
		default:
			t.Error("Run goes on after its context ended")
		}
	})
}

func polled(p *poll.Poller) bool {
	select {
	case <-p.Polled():
		return true
	default:
		return false
	}
}

func TestSlowClientHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	polling(t, func(t *testing.T, p *poll.Poller) {
		start := time.Now()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		c := p.Clients()
		if c[0].Name != "a" || c[0].Page != nil || c[0].Err != nil {
			t.Errorf("the slow one is %+v", c[0])
		}
		if want := start.Add(4*time.Second + time.Millisecond); !c[1].At.Equal(want) || c[1].Page == nil {
			t.Errorf("the quick one answered at %v, want %v", c[1].At, want)
		}
		if polled(p) {
			t.Error("all count as polled before the slow one answered")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if c := p.Clients(); c[0].Page == nil || !polled(p) {
			t.Errorf("the slow one is %+v after its answer", c[0])
		}
	}, after(time.Minute, well), after(time.Millisecond, well))
}

func TestClientThatFailsAgainCountsAsPolledOnce(t *testing.T) {
	t.Parallel()
	polling(t, func(t *testing.T, p *poll.Poller) {
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if polled(p) {
			t.Error("all count as polled before the slow one answered")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !polled(p) {
			t.Error("not all count as polled after the slow one answered")
		}
	}, after(time.Minute, well), after(time.Millisecond, func() error { return errors.New("refused") }))
}

func TestFailureLastsSinceTheFirstPollThatFailed(t *testing.T) {
	t.Parallel()
	var failure atomic.Pointer[error]
	refused := errors.New("refused")
	polling(t, func(t *testing.T, p *poll.Poller) {
		start := time.Now()
		time.Sleep(time.Second)
		if c := p.Clients()[0]; c.Err != nil || c.Page == nil || !c.Since.IsZero() {
			t.Errorf("before the failure: %+v", c)
		}
		failure.Store(&refused)
		time.Sleep(10 * time.Second)
		c := p.Clients()[0]
		if c.Err != refused || c.Page != nil || !c.Since.Equal(start.Add(2*time.Second)) || !c.At.Equal(start.Add(time.Millisecond)) {
			t.Errorf("failing since %v, last answer %v: %+v", c.Since.Sub(start), c.At.Sub(start), c)
		}
		failure.Store(nil)
		time.Sleep(2 * time.Second)
		if c := p.Clients()[0]; c.Err != nil || c.Page == nil || !c.Since.IsZero() {
			t.Errorf("after the failure: %+v", c)
		}
	}, after(time.Millisecond, func() error {
		if err := failure.Load(); err != nil {
			return *err
		}
		return nil
	}))
}

func TestChangesAreReportedOnceToASlowReader(t *testing.T) {
	t.Parallel()
	polling(t, func(t *testing.T, p *poll.Poller) {
		time.Sleep(time.Minute)
		<-p.Changed()
		select {
		case <-p.Changed():
			t.Error("an old change is reported twice")
		default:
		}
		<-p.Changed()
	}, after(time.Millisecond, well), after(time.Second, well))
}

// A client that takes longer than the interval is asked again at the next tick, and
// never twice at once.
func TestClientIsAskedOnceAtATime(t *testing.T) {
	t.Parallel()
	var asked, running atomic.Int32
	polling(t, func(t *testing.T, _ *poll.Poller) {
		time.Sleep(29 * time.Second)
		if n := asked.Load(); n != 10 {
			t.Errorf("asked %d times in 29 seconds, want 10", n)
		}
	}, getter(func(ctx context.Context) (*fetch.Page, error) {
		asked.Add(1)
		if running.Add(1) > 1 {
			t.Error("two requests at once")
		}
		defer func() { running.Add(-1) }()
		return after(3*time.Second, well)(ctx)
	}))
}

func TestEndIsNoFailure(t *testing.T) {
	t.Parallel()
	var last *poll.Poller
	polling(t, func(_ *testing.T, p *poll.Poller) { last = p }, after(time.Minute, well))
	if c := last.Clients()[0]; c.Err != nil || c.Page != nil {
		t.Errorf("got %+v", c)
	}
}
