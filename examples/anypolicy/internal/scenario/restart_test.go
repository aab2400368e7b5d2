package scenario_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/scenario"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/view"
)

// The busiest backend is killed and started again under load. The metrics follow
// it, hold the law in every scrape, and count what the callers count.
func TestABackendIsKilledAndRestarted(t *testing.T) {
	t.Parallel()
	for _, s := range policies.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w := openWarm(t, s)
			quiet(t, w)
			before := seen(t, w)
			victim := busiest(w, before)
			tally, stop := sendMeanwhile(t, w)
			more(t, tally, "with all backends", 100)

			if err := victim.Kill(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the metrics know of the loss", func() bool {
				b := seen(t, w).Backends[victim.Addr]
				return b.Ready == 0 && b.Disconnections == 1
			})
			more(t, tally, "without the victim", 200)
			restart(t, victim)
			back(t, w, victim, tally)
			stop()

			quiet(t, w)
			checkCounts(t, w, seen(t, w).Since(before).Backends, tally)
			quietWeights(t, w, victim)
		})
	}
}

func sendMeanwhile(t *testing.T, w *scenario.World) (*scenario.Tally, func()) {
	t.Helper()
	tally := scenario.NewTally()
	over := make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() { w.SendUntil(t.Context(), tally, over) })
	stop := sync.OnceFunc(func() {
		close(over)
		sending.Wait()
	})
	t.Cleanup(stop)
	return tally, stop
}

func more(t *testing.T, tally *scenario.Tally, when string, n int) {
	t.Helper()
	from := tally.OK()
	eventually(t, "RPCs succeed "+when, func() bool { return tally.OK() >= from+n })
}

func restart(t *testing.T, server *backend.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := server.Restart(ctx); err != nil {
		t.Fatal(err)
	}
}

// back waits until the victim has its part of the load again. Pick_first stays
// where it went.
func back(t *testing.T, w *scenario.World, victim *backend.Server, tally *scenario.Tally) {
	t.Helper()
	from := seen(t, w)
	if w.Policy == policies.PickFirst.Policy {
		more(t, tally, "after the restart", 200)
		now := seen(t, w)
		if ready(now, victim) != 0 || picks(now, victim) != picks(from, victim) {
			t.Errorf("the restarted backend is %+v, want it left alone", *now.Backends[victim.Addr])
		}
		return
	}
	eventually(t, "the restarted backend is picked again", func() bool {
		now := seen(t, w)
		return ready(now, victim) == 1 && picks(now, victim) >= picks(from, victim)+30
	})
}

func checkCounts(t *testing.T, w *scenario.World, backends map[string]*view.Backend, tally *scenario.Tally) {
	t.Helper()
	ok, failed := 0, 0
	for addr, b := range backends {
		ok += b.Codes[codes.OK.String()]
		failed += b.Codes[codes.Unavailable.String()]
		if b.Codes[codes.OK.String()]+b.Codes[codes.Unavailable.String()] != b.Finished() {
			t.Errorf("%s: codes %v, want OK and, of what broke, Unavailable", addr, b.Codes)
		}
		if b.Timed != b.Finished() {
			t.Errorf("%s: %d RPCs in the latency histogram, want all %d", addr, b.Timed, b.Finished())
		}
		if got := tally.From(addr); got != b.Codes[codes.OK.String()] {
			t.Errorf("%s: callers have %d answers, want as many as the metrics: %v", addr, got, b.Codes)
		}
	}
	seenBy := tally.Codes()
	if ok != seenBy[codes.OK] || seenBy[codes.OK]+seenBy[codes.Unavailable] != sum(seenBy) {
		t.Errorf("callers saw %v, the metrics %d OK; want the same, and nothing but OK and Unavailable", seenBy, ok)
	}
	// gRPC sends again by itself what the server cannot have seen.
	if failed < seenBy[codes.Unavailable] {
		t.Errorf("callers saw %v, the metrics %d attempts Unavailable; want no fewer", seenBy, failed)
	}
	t.Logf("%s: %v", w.Name, seenBy)
}

func sum(of map[codes.Code]int) int {
	n := 0
	for _, one := range of {
		n += one
	}
	return n
}

// quietWeights waits for the restarted server's own weight, two of five. Until
// its report comes, which out of band needs a new stream, it has the mean of the
// others: a third.
func quietWeights(t *testing.T, w *scenario.World, victim *backend.Server) {
	t.Helper()
	if w.Policy != policies.WeightsPerCall.Policy {
		return
	}
	eventually(t, "the restarted backend has two fifths", func() bool {
		return w.Send(t.Context(), 100).From(victim.Addr) > 36
	})
}
