package record_test

import (
	"runtime"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// A scrape that read picks before ends would see more ends than picks if an RPC
// began and ended in between.
func TestEndsAreReadBeforePicks(t *testing.T) {
	t.Parallel()
	if n := record.InFlightAcross(); n != 1 {
		t.Errorf("in flight is %d, want 1, the RPC that was seen to begin and not to end", n)
	}
}

// The same with real counters, which depends on chance: Go's scheduler does not
// preempt between the two reads, but the operating system does. Not parallel: it
// sets the number of threads.
func TestInFlightIsNeverNegative(t *testing.T) {
	const threads = 4
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	s, target, _ := open(0)
	b := s.Acquire(target, record.ID{Name: "a:1"})
	stop := make(chan struct{})
	var rpcs sync.WaitGroup
	for range threads {
		rpcs.Go(func() { pickAndEnd(b, stop) })
	}
	reads := 5_000_000
	if raceEnabled {
		reads = 500_000 // which take the same time
	}
	low := record.InFlight(b)
	for range reads {
		low = min(low, record.InFlight(b))
	}
	if low < 0 {
		t.Errorf("in flight is %v, want 0 or more", low)
	}
	close(stop)
	rpcs.Wait()
	if n := record.InFlight(b); n != 0 {
		t.Errorf("in flight at the end = %v, want 0", n)
	}
}

// pickAndEnd makes RPCs on the backend until stop is closed.
func pickAndEnd(b *record.Backend, stop <-chan struct{}) {
	counts, done := b.Counts(), b.NewDone()
	for {
		for range 100 {
			counts.CountPick()
			done(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}

// A scrape reads what is unusable before it reads what is READY.
func TestASubchannelThatMovesDuringAScrapeIsShownAtOneMoment(t *testing.T) {
	t.Parallel()
	if ready, usable, ejected := record.ReadyAcross(true); ready != 1 || usable != 0 || ejected != 1 {
		t.Errorf("one that leaves: READY %d, usable %d, ejected %d, want 1, 0, 1, as it was", ready, usable, ejected)
	}
	if ready, usable, ejected := record.ReadyAcross(false); ready != 1 || usable != 1 || ejected != 0 {
		t.Errorf("one that comes: READY %d, usable %d, ejected %d, want 1, 1, 0, as when it had just come", ready, usable, ejected)
	}
}

func TestAMillionSubchannelsOfABackendCanBeUnusable(t *testing.T) {
	t.Parallel()
	const n = 1_000_000
	if got, want := record.CountUnusable(n), []int64{n, n, n}; !slices.Equal(got, want) {
		t.Errorf("%d for each reason count as %v, want %v", n, got, want)
	}
}
