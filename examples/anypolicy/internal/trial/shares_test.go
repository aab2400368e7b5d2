package trial_test

import (
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/trial"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

const rpcs = 600

// The callers, the servers and the metrics count the same shares. The shares are those
// that the policy promises.
func TestSharesAreAsPromised(t *testing.T) {
	t.Parallel()
	forEachPolicy(t, func(t *testing.T, s policies.Setup) {
		tr := openWarm(t, s)
		awaitIdle(t, tr)
		before, childrenBefore := read(t, tr.Series), read(t, tr.ChildSeries)
		served := map[string]int{}
		for _, server := range tr.Servers {
			served[server.Addr] = server.Served()
		}

		tally := tr.Send(t.Context(), rpcs)

		awaitIdle(t, tr)
		p := read(t, tr.Series).Since(before)
		if got := tally.OK(); got != rpcs || p.Sum().Picks != rpcs {
			t.Errorf("%d RPCs answered and %d picks, want %d; codes %v", got, p.Sum().Picks, rpcs, tally.Codes)
		}
		for _, server := range tr.Servers {
			now := server.Served() - served[server.Addr]
			if now != tally.Answers[server.Addr] || now != p.Backends[server.Addr].Picks {
				t.Errorf("%s: the server answered %d RPCs, the callers have %d answers, the metrics %d picks; want the same",
					server.Addr, now, tally.Answers[server.Addr], p.Backends[server.Addr].Picks)
			}
		}
		checkBackends(t, p)
		checkShares(t, tr, p)
		checkChildren(t, tr, p, read(t, tr.ChildSeries).Since(childrenBefore))
	})
}

// checkBackends checks that every RPC succeeded and was timed.
func checkBackends(t *testing.T, p series.Policy) {
	t.Helper()
	for addr, b := range p.Backends {
		if b.Picks > 0 && b.Ready != 1 {
			t.Errorf("%s was picked and has %d subchannels READY, want 1", addr, b.Ready)
		}
		if b.OK() != b.Picks || b.Repicks != 0 {
			t.Errorf("%s: codes %v and %d repicks of %d picks, want all OK", addr, b.RPCs, b.Repicks, b.Picks)
		}
		if b.Timed != b.Ended() {
			t.Errorf("%s: %d RPCs in the latency histogram, want all %d", addr, b.Timed, b.Ended())
		}
	}
}

func checkShares(t *testing.T, tr *trial.Trial, p series.Policy) {
	t.Helper()
	var all []int
	for _, server := range tr.Servers {
		all = append(all, p.Backends[server.Addr].Picks)
	}
	loaded := float64(p.Backends[tr.Loaded().Addr].Picks) / rpcs
	switch tr.Policy {
	case policies.PickFirst.Policy:
		if p.Backends[busiest(tr, p).Addr].Picks != rpcs {
			t.Errorf("picks %v, want all on one backend", all)
		}
	case policies.RoundRobin.Policy:
		if max(all[0], all[1], all[2])-min(all[0], all[1], all[2]) > 1 {
			t.Errorf("picks %v, want the same on each, plus or minus one", all)
		}
	case policies.WeightsPerCall.Policy: // also out of band
		if loaded < .15 || loaded > .25 || min(all[0], all[1]) < rpcs*35/100 {
			t.Errorf("picks %v, want a fifth on the last and two on each other", all)
		}
	case policies.RingHash.Policy:
		if got := len(p.Backends); got < 2 {
			t.Errorf("picks %v, want picks on more than one backend", all)
		}
	case policies.LeastRequest.Policy:
		// The policy compares two random backends. The slow one gets a ninth if it
		// always has the most RPCs in flight, and a third if the policy ignores that.
		if loaded == 0 || loaded > .25 {
			t.Errorf("picks %v, want some on the last, but less than a quarter", all)
		}
	default:
		t.Errorf("the test has no expected shares for %s", tr.Policy)
	}
}

// checkChildren checks that the metered pick_first counted the same RPCs under its own
// name. It also checks that the field "metrics" of the parent's config did not reach
// pick_first.
func checkChildren(t *testing.T, tr *trial.Trial, p, below series.Policy) {
	t.Helper()
	if !tr.HasChildren() {
		return
	}
	for addr, b := range p.Backends {
		child, ok := below.Backends[addr]
		if !ok {
			t.Errorf("%s: the child pick_first did not count it", addr)
			continue
		}
		if child.Picks != b.Picks || child.Ended() != b.Ended() || child.Ready != b.Ready || child.Timed != 0 {
			t.Errorf("%s: the child pick_first has %+v, want the parent's series without latency: %+v", addr, child, b)
		}
	}
	if below.Instances != len(p.Backends) || p.Instances != 1 {
		t.Errorf("%d instances of the policy and %d of pick_first, want 1 of the policy, and %d of pick_first, one per backend", p.Instances, below.Instances, len(p.Backends))
	}
}

// Without latency in the service config there is no histogram.
func TestNoLatencyUnlessSwitchedOn(t *testing.T) {
	t.Parallel()
	forEachPolicy(t, func(t *testing.T, s policies.Setup) {
		tr := open(t, s, false)
		if tally := tr.Send(t.Context(), 30); tally.OK() != 30 {
			t.Fatalf("codes %v, want 30 OK", tally.Codes)
		}
		awaitIdle(t, tr)
		p := read(t, tr.Series)
		if p.Sum().Picks < 30 {
			t.Errorf("%d picks, want 30 or more", p.Sum().Picks)
		}
		for addr, b := range p.Backends {
			if b.Timed != 0 {
				t.Errorf("%s: %d RPCs in the latency histogram, want none", addr, b.Timed)
			}
		}
	})
}
