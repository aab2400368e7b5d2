package scenario_test

import (
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/scenario"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/view"
)

const rpcs = 600

// Each policy shares RPCs out as it promises, and the metrics say so: they agree
// with what the callers and the servers counted.
func TestSharesAreAsPromised(t *testing.T) {
	t.Parallel()
	for _, s := range policies.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w := openWarm(t, s)
			quiet(t, w)
			before, childrenBefore := seen(t, w), children(t, w)
			served := map[string]int{}
			for _, server := range w.Servers {
				served[server.Addr] = server.Served()
			}

			tally := w.Send(t.Context(), rpcs)

			quiet(t, w)
			p := seen(t, w).Since(before)
			if got := tally.OK(); got != rpcs || p.Picks() != rpcs {
				t.Errorf("%d RPCs answered and %d picks, want %d; codes %v", got, p.Picks(), rpcs, tally.Codes())
			}
			for _, server := range w.Servers {
				now := server.Served() - served[server.Addr]
				if now != tally.From(server.Addr) || now != picks(p, server) {
					t.Errorf("%s: the server answered %d RPCs, the callers have %d answers, the metrics %d picks; want the same",
						server.Addr, now, tally.From(server.Addr), picks(p, server))
				}
			}
			checkBackends(t, p)
			checkShares(t, w, p)
			checkChildren(t, w, p, children(t, w).Since(childrenBefore))
		})
	}
}

// checkBackends expects nothing but success, all of it timed.
func checkBackends(t *testing.T, p view.Policy) {
	t.Helper()
	for addr, b := range p.Backends {
		if b.Picks > 0 && b.Ready != 1 {
			t.Errorf("%s was picked and has %d subchannels READY, want 1", addr, b.Ready)
		}
		if b.Codes[codes.OK.String()] != b.Picks || b.Repicks != 0 {
			t.Errorf("%s: codes %v and %d repicks of %d picks, want all OK", addr, b.Codes, b.Repicks, b.Picks)
		}
		if b.Timed != b.Finished() {
			t.Errorf("%s: %d RPCs in the latency histogram, want all %d", addr, b.Timed, b.Finished())
		}
	}
}

func checkShares(t *testing.T, w *scenario.World, p view.Policy) {
	t.Helper()
	var all []int
	for _, server := range w.Servers {
		all = append(all, picks(p, server))
	}
	loaded := float64(picks(p, w.Loaded())) / rpcs
	switch w.Policy {
	case policies.PickFirst.Policy:
		if picks(p, busiest(w, p)) != rpcs {
			t.Errorf("picks %v, want all on one backend", all)
		}
	case policies.RoundRobin.Policy:
		if max(all[0], all[1], all[2])-min(all[0], all[1], all[2]) > 1 {
			t.Errorf("picks %v, want the same on each, give or take one", all)
		}
	case policies.WeightsPerCall.Policy: // also out of band
		if loaded < .15 || loaded > .25 || min(all[0], all[1]) < rpcs*35/100 {
			t.Errorf("picks %v, want a fifth on the last and two on each other", all)
		}
	case policies.RingHash.Policy:
		if got := len(p.Backends); got < 2 {
			t.Errorf("picks %v, want the users' on more than one backend", all)
		}
	case policies.LeastRequest.Policy:
		// Two of three are looked at, each picked by chance: the slow one has a
		// ninth if it always has the most RPCs in flight, and a third if it
		// never matters.
		if loaded == 0 || loaded > .25 {
			t.Errorf("picks %v, want the last to have less than a quarter, and some", all)
		}
	default:
		t.Errorf("nothing is known of what %s promises", w.Policy)
	}
}

// checkChildren expects that the metered pick_first has counted the same RPCs
// under its own name, and that the config's part for the metrics was not for it.
func checkChildren(t *testing.T, w *scenario.World, p, below view.Policy) {
	t.Helper()
	if !w.HasChildren() {
		return
	}
	for addr, b := range p.Backends {
		child := below.Backends[addr]
		if child == nil {
			t.Errorf("%s: pick_first, the child, has not counted it", addr)
			continue
		}
		if child.Picks != b.Picks || child.Finished() != b.Finished() || child.Ready != b.Ready || child.Timed != 0 {
			t.Errorf("%s: pick_first, the child, has %+v, want what its parent has, without latency: %+v", addr, *child, *b)
		}
	}
	if below.Channels != len(p.Backends) || p.Channels != 1 {
		t.Errorf("%d instances of the policy and %d of pick_first, want 1, and one for each of %d backends", p.Channels, below.Channels, len(p.Backends))
	}
}

// Without the switch in the service config there is no histogram.
func TestNoLatencyUnlessSwitchedOn(t *testing.T) {
	t.Parallel()
	for _, s := range policies.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w := open(t, s, false)
			if tally := w.Send(t.Context(), 30); tally.OK() != 30 {
				t.Fatalf("codes %v, want 30 OK", tally.Codes())
			}
			quiet(t, w)
			p := seen(t, w)
			if p.Picks() < 30 {
				t.Errorf("%d picks, want 30 or more", p.Picks())
			}
			for addr, b := range p.Backends {
				if b.Timed != 0 {
					t.Errorf("%s: %d RPCs in the latency histogram, want none", addr, b.Timed)
				}
			}
		})
	}
}
