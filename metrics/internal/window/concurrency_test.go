package window_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// Samples and views may be taken by many at once, while the memory of old samples is
// used again.
func TestLogInManyGoroutines(t *testing.T) {
	t.Parallel()
	log := window.NewLog(0)
	var clock atomic.Int64 // seconds; each backend gets 10 RPCs a second
	var viewers sync.WaitGroup
	for range 8 {
		viewers.Go(func() {
			for range 500 {
				now := time.Duration(clock.Add(1)) * time.Second
				n := uint32(now / (100 * time.Millisecond))
				if s := log.Begin(now); s != nil {
					for slot := range uint32(20) {
						s.Put(window.ID{Slot: slot}, window.Counts{Picks: n, Ended: n}, nil)
					}
					log.Add(s)
				}
				v := log.View(now)
				for slot := range uint32(20) {
					got := v.Backend(window.ID{Slot: slot}, window.Counts{Picks: n, Ended: n}, nil, nil)
					for _, w := range []struct {
						span time.Duration
						n    uint64
					}{{got.Short.Span, got.Short.Ended}, {got.Long.Span, got.Long.Ended}} {
						if w.n != uint64(w.span/(100*time.Millisecond)) {
							t.Errorf("%d RPCs in %v, want 10 a second", w.n, w.span)
						}
					}
				}
				v.Close()
			}
		})
	}
	viewers.Wait()
}
