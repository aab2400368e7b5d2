package livepage_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// slow is a page whose source blocks until the test lets it answer.
type slow struct {
	http.Handler
	reading  atomic.Int64
	finish   chan struct{} // lets one snapshot finish
	answered chan int      // status codes
}

func newSlow() *slow {
	s := &slow{finish: make(chan struct{}), answered: make(chan int, 100)}
	s.Handler = livepage.New(func() livestatus.Snapshot {
		s.reading.Add(1)
		defer s.reading.Add(-1)
		<-s.finish
		return livestatus.Snapshot{}
	})
	return s
}

// ask requests the page n times at once.
func (s *slow) ask(ctx context.Context, n int) {
	for range n {
		go func() {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
			s.answered <- w.Code
		}()
	}
	synctest.Wait()
}

func TestAtMostAFewPagesAreRenderedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlow()
		const requests = livepage.MaxRendered + 3
		s.ask(t.Context(), requests)
		for waiting := 3; waiting > -livepage.MaxRendered; waiting-- {
			if got, want := s.reading.Load(), int64(livepage.MaxRendered+min(waiting, 0)); got != want {
				t.Errorf("%d pages are read at once, want %d", got, want)
			}
			s.finish <- struct{}{}
			synctest.Wait()
			if n := len(s.answered); n != 1 {
				t.Fatalf("%d requests were answered, want 1", n)
			}
			if code := <-s.answered; code != http.StatusOK {
				t.Errorf("a page that waited has status %d, want 200", code)
			}
		}
	})
}

func TestAReaderThatHasGoneDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlow()
		s.ask(t.Context(), livepage.MaxRendered)
		ctx, leave := context.WithCancel(t.Context())
		s.ask(ctx, 2)
		if n := len(s.answered); n != 0 {
			t.Fatalf("%d requests were answered before their turn", n)
		}
		leave()
		synctest.Wait()
		for range 2 {
			select {
			case code := <-s.answered:
				if code != http.StatusServiceUnavailable {
					t.Errorf("a request that gave up has status %d, want 503", code)
				}
			default:
				t.Fatal("a request waits although its reader has gone")
			}
		}
		if got := s.reading.Load(); got != livepage.MaxRendered {
			t.Errorf("%d pages are read, want %d", got, livepage.MaxRendered)
		}
		s.ask(t.Context(), 1) // requests that gave up hold no place
		close(s.finish)
		for range livepage.MaxRendered + 1 {
			if code := <-s.answered; code != http.StatusOK {
				t.Errorf("status %d, want 200", code)
			}
		}
	})
}

func TestAMistakeInTheQueryIsAnsweredWithoutWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlow()
		s.ask(t.Context(), livepage.MaxRendered)
		if w := pagetest.Request(t, s, http.MethodGet, "sort=x"); w.Code != http.StatusBadRequest {
			t.Errorf("status %d, want 400", w.Code)
		}
		close(s.finish)
	})
}

// stuckWriter is a client that reads nothing.
type stuckWriter struct {
	*httptest.ResponseRecorder
	stuck chan struct{}
}

func (w *stuckWriter) Write([]byte) (int, error) {
	<-w.stuck
	return 0, http.ErrHandlerTimeout
}

func TestASlowReaderHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		page := quads().page()
		stuck := make(chan struct{})
		for range 2 * livepage.MaxRendered {
			w := &stuckWriter{httptest.NewRecorder(), stuck}
			go page.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		}
		synctest.Wait()
		pagetest.HTML(t, page, "")
		close(stuck)
	})
}

func TestAPanicLeavesNoPlaceTaken(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	broken.Store(true)
	page := livepage.New(func() livestatus.Snapshot {
		if broken.Load() {
			panic("broken")
		}
		return livestatus.Snapshot{}
	})
	for range livepage.MaxRendered {
		func() {
			defer func() { _ = recover() }()
			pagetest.Request(t, page, http.MethodGet, "")
		}()
	}
	broken.Store(false)
	pagetest.HTML(t, page, "")
}
