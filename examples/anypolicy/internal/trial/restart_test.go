package trial_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/trial"
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// The test kills and restarts the busiest backend under load. The metrics show this,
// are consistent in every scrape, and agree with the callers.
func TestABackendIsKilledAndRestarted(t *testing.T) {
	t.Parallel()
	forEachPolicy(t, func(t *testing.T, s policies.Setup) {
		tr := openWarm(t, s)
		awaitIdle(t, tr)
		before := read(t, tr.Series)
		victim := busiest(tr, before)
		var tally load.Tally
		rpcs := tr.StartLoad(t.Context(), &tally)
		defer rpcs.Stop()
		more(t, &tally, "with all backends", 100)

		if err := victim.Kill(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the metrics show the loss", func() bool {
			b := read(t, tr.Series).Backends[victim.Addr]
			return b.Ready == 0 && b.Disconnections == 1
		})
		more(t, &tally, "without the victim", 200)
		restart(t, victim)
		awaitShare(t, tr, victim, &tally)
		rpcs.Stop()

		awaitIdle(t, tr)
		checkCounts(t, tr, read(t, tr.Series).Since(before), tally.Counts())
		awaitWeight(t, tr, victim)
	})
}

func more(t *testing.T, tally *load.Tally, when string, n int) {
	t.Helper()
	from := tally.Counts().OK()
	eventually(t, "RPCs succeed "+when, func() bool { return tally.Counts().OK() >= from+n })
}

func restart(t *testing.T, server *backend.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := server.Restart(ctx); err != nil {
		t.Fatal(err)
	}
}

// awaitShare waits until the restarted server gets its share of the load again. Under
// pick_first it checks that the server gets nothing.
func awaitShare(t *testing.T, tr *trial.Trial, victim *backend.Server, tally *load.Tally) {
	t.Helper()
	from := read(t, tr.Series)
	if tr.Policy == policies.PickFirst.Policy {
		more(t, tally, "after the restart", 200)
		now := read(t, tr.Series)
		if now.Backends[victim.Addr].Ready != 0 || now.Backends[victim.Addr].Picks != from.Backends[victim.Addr].Picks {
			t.Errorf("the restarted backend is %+v, want no new picks", now.Backends[victim.Addr])
		}
		return
	}
	eventually(t, "the restarted backend is picked again", func() bool {
		now := read(t, tr.Series)
		return now.Backends[victim.Addr].Ready == 1 && now.Backends[victim.Addr].Picks >= from.Backends[victim.Addr].Picks+30
	})
}

// checkCounts compares the series with what the callers counted.
func checkCounts(t *testing.T, tr *trial.Trial, p series.Policy, callers load.Counts) {
	t.Helper()
	for addr, b := range p.Backends {
		if b.OK()+b.RPCs["Unavailable"] != b.Ended() {
			t.Errorf("%s: codes %v, want OK, and Unavailable where the connection broke", addr, b.RPCs)
		}
		if b.Timed != b.Ended() {
			t.Errorf("%s: %d RPCs in the latency histogram, want all %d", addr, b.Timed, b.Ended())
		}
		if callers.Answers[addr] != b.OK() {
			t.Errorf("%s: callers counted %d answers, want the number in the metrics: %v", addr, callers.Answers[addr], b.RPCs)
		}
	}
	ok, unavailable := p.Sum().OK(), callers.Codes[codes.Unavailable]
	if ok != callers.OK() || callers.Failed() != unavailable {
		t.Errorf("callers counted %v, the metrics %d OK; want the same, and only OK and Unavailable", callers, ok)
	}
	// gRPC itself retries an RPC if the server cannot have seen it.
	if attempts := p.Sum().RPCs["Unavailable"]; attempts < unavailable {
		t.Errorf("callers counted %v, the metrics %d attempts Unavailable; want at least as many", callers, attempts)
	}
	t.Logf("%s: %v", tr.Name, callers)
}

// awaitWeight waits until the restarted server gets two fifths, its share by weight.
// Before its first report the policy uses the mean weight of the others, which gives
// it a third. Out of band, the report comes on a new stream.
func awaitWeight(t *testing.T, tr *trial.Trial, victim *backend.Server) {
	t.Helper()
	if tr.Policy != policies.WeightsPerCall.Policy {
		return
	}
	eventually(t, "the restarted backend gets two fifths", func() bool {
		return tr.Send(t.Context(), 100).Answers[victim.Addr] > 36
	})
}
