package metrics_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

func TestLawsHoldUnderConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testLaws)
}

func testLaws(t *testing.T) {
	w := newShaken(t)
	var policies [len(w.channels)]*balancertest.Policy
	var work, scraper sync.WaitGroup
	for i := range w.channels {
		work.Go(func() { policies[i] = w.churn(t, i, 20) })
	}
	for range 200 {
		work.Go(func() { w.pickAndEnd(100) })
	}
	done := make(chan struct{})
	scraper.Go(func() {
		for {
			scrape(t, w.keep).checkLaws(t)
			scrape(t, w.drop).checkLaws(t)
			select {
			case <-done:
				return
			default:
			}
		}
	})
	work.Wait()
	close(done)
	scraper.Wait()
	synctest.Wait()
	scrape(t, w.drop) // notices that the last RPCs have ended, as checkQuiet does for the other

	w.checkQuiet(t)
	for _, p := range policies {
		p.Close()
	}
	if got := scrape(t, w.drop); len(got) != 0 {
		t.Errorf("series without retention when all channels are closed: %v, want none", got)
	}
	for name, n := range scrape(t, w.keep).nonzero() {
		if name == "policy_instances" || strings.HasPrefix(name, "subchannels") || strings.HasPrefix(name, "ready_subchannels") {
			t.Errorf("%s = %v when all channels are closed, want 0", name, n)
		}
	}
}

// checkQuiet compares the counters with what was done. Nothing must happen meanwhile.
func (w *shaken) checkQuiet(t *testing.T) {
	t.Helper()
	got := scrape(t, w.keep)
	got.checkLaws(t)
	picks, ended := make(map[string]float64), make(map[string]float64)
	for _, p := range got {
		switch {
		case p.value == 0:
		case p.name == "picks_total":
			picks[p.backend] += p.value
		case p.name == "rpc_attempts_total":
			ended[p.extra] += p.value
		case p.name == "repicks_total":
			ended["repick"] += p.value
		case p.name == "rpc_attempts_in_flight":
			t.Errorf("in flight on %s = %v, want 0", p.backend, p.value)
		}
	}
	if diff := cmp.Diff(w.picks, picks); diff != "" {
		t.Errorf("picks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(w.ended, ended); diff != "" {
		t.Errorf("ends of picks (-want +got):\n%s", diff)
	}
	if measured, all := got.sum("rpc_attempt_duration_seconds_count"), got.sum("rpc_attempts_total"); measured != all || all == 0 {
		t.Errorf("RPCs measured = %v of %v, want all", measured, all)
	}
	if n := metrics.Waiting(w.keep) + metrics.Waiting(w.drop); n != 0 {
		t.Errorf("RPCs that wait: %d, want none", n)
	}
	unanswered := got.sum("picks_delayed_total") + got.sum("picks_failed_total") + got.sum("repicks_total")
	if waits := got.sum("pick_delay_duration_seconds_count"); waits == 0 || waits > unanswered {
		t.Errorf("waits = %v, want some, and at most one for each of %v picks that did not succeed", waits, unanswered)
	}
	if n := w.ownDones.Load(); n != 0 {
		t.Errorf("picks whose Done did not reach the policy: %d, want 0", n)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(w.seen)), got.backends()); diff != "" {
		t.Errorf("backends with series (-want +got):\n%s", diff)
	}

	live, readyNow := make(map[string]bool), 0.0
	for i := range w.channels {
		for _, sc := range w.channels[i].Load().Live() {
			live[sc.Addr()] = true
			if sc.State() == connectivity.Ready {
				readyNow++
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(live)), scrape(t, w.drop).backends()); diff != "" {
		t.Errorf("backends with series, without retention (-want +got):\n%s", diff)
	}
	if n := got.sum("ready_subchannels"); n != readyNow {
		t.Errorf("READY SubConns = %v, want %v", n, readyNow)
	}
}
