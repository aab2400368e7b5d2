package metrics_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// steady gives m a target with one backend, and lets it get an RPC every 100 ms until
// the test ends.
func steady(t *testing.T, m *metrics.Metrics) {
	t.Helper()
	s, cc := &stub{}, &looseConn{}
	m.Instrument(s).Build(cc, balancer.BuildOptions{})
	s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
	cc.made[0].state(connecting, ready)
	ticker := time.NewTicker(100 * time.Millisecond)
	done := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() {
		for {
			select {
			case <-ticker.C:
				pickDone(cc.picker)
			case <-done:
				return
			}
		}
	})
	t.Cleanup(func() {
		ticker.Stop()
		close(done)
		load.Wait()
	})
}

// The first look at an old target shows its present rates.
func TestTheFirstLookTellsWhatIsRecent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		steady(t, m)
		time.Sleep(time.Hour + 20*time.Millisecond) // so that no RPC and no look come at once
		began := time.Now()
		got := only(t, m)
		if took := time.Since(began); took > 300*time.Millisecond || got.Recent.Short.Span != took || got.Recent.Short.Ended < 2 {
			t.Errorf("after %v: %+v, want the RPCs of that time", took, got.Recent.Short)
		}
		for range 20 {
			time.Sleep(2 * time.Second)
			began := time.Now()
			got = only(t, m)
			if took := time.Since(began); took != 0 {
				t.Errorf("a further look took %v", took)
			}
		}
		if w := got.Recent.Short; !near(rate(w.Ended, w), 10) || w.Span < 8*time.Second || w.Span > 12*time.Second {
			t.Errorf("after 40 s the short window is %+v", w)
		}
		if n := len(got.History); n < 19 || n > 22 {
			t.Errorf("%d points after 40 s of looks every 2 s", n)
		}
		for _, p := range got.History[2:] {
			if p.Span != 2*time.Second || p.Ended != 20 {
				t.Errorf("point %+v, want 20 RPCs in 2 s", p)
			}
		}
	})
}

// Scrapes take samples, so that a look after them need not wait and has a long window.
func TestScrapesTakeSamples(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithLatency())
		steady(t, m)
		time.Sleep(50 * time.Millisecond) // so that no RPC and no look come at once
		for range 60 {
			time.Sleep(15 * time.Second)
			scrape(t, m)
		}
		time.Sleep(3 * time.Second)
		began := time.Now()
		got := only(t, m).Recent
		if took := time.Since(began); took != 0 {
			t.Errorf("the first look took %v, want no time", took)
		}
		for name, w := range map[string]struct {
			span time.Duration
			n    uint64
		}{"short": {got.Short.Span, got.Short.Latency.Count}, "long": {got.Long.Span, got.Long.Latency.Count}} {
			want := map[string]time.Duration{"short": 3 * time.Second, "long": 63 * time.Second}[name]
			if w.span != want || w.n != uint64(want/(100*time.Millisecond)) {
				t.Errorf("%s: %v with %d RPCs, want all of %v", name, w.span, w.n, want)
			}
		}
	})
}

// After a pause, the short window is that since the last look, up to 30 seconds ago.
func TestALookAfterAPauseTellsWhatHappenedSince(t *testing.T) {
	t.Parallel()
	for _, pause := range []time.Duration{13 * time.Second, 16 * time.Second, 18 * time.Second, 21 * time.Second, 25 * time.Second, 28 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			m := metrics.New()
			steady(t, m)
			time.Sleep(time.Hour + 20*time.Millisecond) // so that no RPC and no look come at once
			for range 20 {
				_ = only(t, m)
				time.Sleep(2 * time.Second)
			}
			_ = only(t, m)
			time.Sleep(pause)
			if w := only(t, m).Recent.Short; !near(rate(w.Ended, w), 10) || pause > 15*time.Second && w.Span != pause {
				t.Errorf("after %v the short window is %+v, want 10 RPCs a second since the last look", pause, w)
			}
		})
	}
}

// A look does not wait if its request has ended.
func TestTheFirstLookEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		steady(t, m)
		time.Sleep(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		m.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		if took := time.Since(began); took != 0 {
			t.Errorf("a request that had ended took %v", took)
		}
	})
}

// A look uses memory of an earlier one, and shows nothing of it.
func TestLooksDoNotShowEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		p := newWatched(t, balancer.NewSubConnOptions{})
		p.fake.state(connecting, ready)
		p.watch()(failure, errSick)
		list(t, m, "test:///t", "p", atOnce, listed{name: "a"}, listed{name: "b", states: failed, err: errSick})
		want := request(t, m, "format=json").Body.String()
		for range 3 {
			request(t, p.m, "format=json")
			if got := request(t, m, "format=json").Body.String(); got != want {
				t.Errorf("%s, want %s as before", got, want)
			}
		}
	})
}

// A look lists the backends and then waits. A backend that is dropped meanwhile does not
// get the subchannels of the backend that takes its slot.
func TestALookTellsADroppedBackendFromItsSuccessor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithRetention(time.Second))
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		time.Sleep(time.Minute) // so that the look waits
		s.connect(t, "old:1").Shutdown()
		time.Sleep(time.Second - 1)
		var got livestatus.Status
		var look sync.WaitGroup
		look.Go(func() { got = only(t, m) })
		time.Sleep(100 * time.Millisecond)
		if left := scrape(t, m).backends(); len(left) != 0 {
			t.Errorf("backends %v, want none: the retention of the only one has passed", left)
		}
		s.connect(t, "new:1")
		cc.made[1].state(connecting, ready)
		look.Wait()
		if len(got.Backends) != 1 || got.Backends[0].Name != "old:1" || got.Backends[0].Subchannels != 0 {
			t.Errorf("backends %+v, want old:1, as it was listed, without subchannels", got.Backends)
		}
		if got := only(t, m).Backends; len(got) != 1 || got[0].Name != "new:1" || got[0].Ready != 1 {
			t.Errorf("backends at the next look %+v, want new:1, READY", got)
		}
	})
}

// Viewers, scrapes and a changing target at once.
func TestLooksWhileBackendsComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithLatency(), metrics.WithRetention(time.Second))
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 100 {
					time.Sleep(300 * time.Millisecond)
					for _, st := range metrics.Look(m) {
						for _, b := range st.Backends {
							if w := b.Recent.Long; w.Ended > 10 || w.Failed > w.Ended || w.Latency.Count > w.Ended {
								t.Errorf("%s has %+v, more than it ever got", b.Name, w)
							}
						}
					}
				}
			})
		}
		for i := range 300 {
			sc := s.connect(t, fmt.Sprintf("%d:1", i))
			s.publish(balancer.PickResult{SubConn: sc}, nil)
			for range 10 {
				pickDone(cc.picker)
				time.Sleep(10 * time.Millisecond)
			}
			sc.Shutdown()
		}
		all.Wait()
	})
}
