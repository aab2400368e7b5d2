package realchannel_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestRoundRobin2SurvivesAKilledBackend(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	backends := startBackends(t, 3)
	c := dial(t, roundrobin2.Name, backends...)
	c.callsUntil(ctx, 30, backends...)

	stop := c.load(ctx)
	backends[1].kill()
	// It goes on with the other two, while the third is down.
	c.waitForSeries(ctx, "grpc_lb_backend_ready "+backends[1].addr, 0)
	sent, failed := stop()
	if len(failed) > workers {
		t.Errorf("%d of %d RPCs failed, want at most the %d in flight on the killed backend; the last: %v", len(failed), sent, workers, failed[len(failed)-1])
	}
	onlyUnavailable(t, failed)
	c.callsUntil(ctx, 30, backends[0], backends[2])

	backends[1].start()
	c.callsUntil(ctx, 30, backends...)
	c.checkLaw(backends...)
}

func TestPickFirst2FailsOver(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	backends := startBackends(t, 3)
	c := dial(t, pickfirst2.Name, backends...)
	c.callsUntil(ctx, 10, backends[0])

	stop := c.load(ctx)
	backends[0].kill()
	c.waitForSeries(ctx, "grpc_lb_backend_ready "+backends[1].addr, 1)
	sent, failed := stop()
	if len(failed) > workers {
		t.Errorf("%d of %d RPCs failed, want at most the %d in flight; the last: %v", len(failed), sent, workers, failed[len(failed)-1])
	}
	onlyUnavailable(t, failed)
	c.callsUntil(ctx, 10, backends[1])

	// It stays where it is while that works, and starts at the top when not.
	backends[0].start()
	c.callsUntil(ctx, 10, backends[1])
	backends[1].kill()
	c.callsUntil(ctx, 10, backends[0])
	c.checkLaw(backends...)
}

func TestNoRPCIsLostToResolverUpdates(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{pickfirst2.Name, roundrobin2.Name} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			backends := startBackends(t, 3)
			a, b, d := backends[0], backends[1], backends[2]
			c := dial(t, policy, a)
			c.callsUntil(ctx, 10, a)

			stop := c.load(ctx)
			updates := [][]*backend{
				{a, b},       // added
				{b, a},       // reordered
				{b, a, b, a}, // duplicates
				{b, d},       // removed and added
				{d},          // removed
				{a, b, d},    // added
			}
			for range 5 {
				for _, u := range updates {
					c.update(addressesOf(u...))
					for range 10 {
						if _, err := c.call(ctx); err != nil {
							t.Errorf("RPC after update %v: %v", addressesOf(u...), err)
						}
					}
				}
				c.resolver.CC().ReportError(errResolver)
			}
			sent, failed := stop()
			if len(failed) > 0 {
				t.Errorf("%d of %d RPCs failed; the last: %v", len(failed), sent, failed[len(failed)-1])
			}
			c.checkLaw(backends...)
		})
	}
}

func TestNoAddressesAndBack(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{pickfirst2.Name, roundrobin2.Name} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			b := startBackends(t, 1)[0]
			c := dial(t, policy, b)
			c.callsUntil(ctx, 10, b)

			c.update(resolver.State{})
			_, err := c.call(ctx)
			if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), policy+": ") || !strings.Contains(err.Error(), "produced zero addresses") {
				t.Errorf("RPC without addresses: %v, want Unavailable, the policy and the reason", err)
			}
			c.resolver.CC().ReportError(errResolver)
			for !strings.Contains(err.Error(), errResolver.Error()) { // which the channel passes on in its own time
				if _, err = c.call(ctx); status.Code(err) != codes.Unavailable {
					t.Fatalf("RPC after a resolver error: %v, want Unavailable and the cause", err)
				}
			}
			c.update(addressesOf(b))
			if _, err := c.call(ctx); err != nil {
				t.Errorf("RPC with addresses again: %v", err)
			}
		})
	}
}

// TestTheMetricsSayWhatHappened does known things and looks at /metrics.
func TestTheMetricsSayWhatHappened(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	backends := startBackends(t, 2)
	a, b := backends[0], backends[1]
	c := dial(t, roundrobin2.Name, a, b)
	c.conn.Connect()
	for _, x := range backends {
		c.waitForSeries(ctx, "grpc_lb_backend_ready "+x.addr, 1)
	}
	const rpcs = 20
	for range rpcs {
		if _, err := c.call(ctx); err != nil {
			t.Errorf("RPC: %v", err)
		}
	}
	got := c.scrape()
	want := map[string]float64{
		"grpc_lb_picks_total " + a.addr:           rpcs / 2,
		"grpc_lb_picks_total " + b.addr:           rpcs / 2,
		"grpc_lb_repicks_total " + a.addr:         0,
		"grpc_lb_rpcs_total OK " + a.addr:         rpcs / 2,
		"grpc_lb_rpcs_total OK " + b.addr:         rpcs / 2,
		"grpc_lb_rpcs_in_flight " + a.addr:        0,
		"grpc_lb_backend_ready " + a.addr:         1,
		"grpc_lb_disconnections_total " + a.addr:  0,
		"grpc_lb_subchannels READY":               2,
		"grpc_lb_subchannels CONNECTING":          0,
		"grpc_lb_subchannels IDLE":                0,
		"grpc_lb_subchannels TRANSIENT_FAILURE":   0,
		"grpc_lb_picks_failed_total":              0,
		"grpc_lb_resolver_updates_total ok":       1,
		"grpc_lb_resolver_updates_total rejected": 0,
		"grpc_lb_resolver_updates_total error":    0,
		"grpc_lb_connect_duration_seconds":        2,
		"grpc_lb_channels":                        1,
	}
	for _, x := range backends {
		want["grpc_lb_connection_attempts_total "+x.addr+" success"] = 1
		want["grpc_lb_connection_attempts_total "+x.addr+" failure"] = 0
	}
	for key, v := range want {
		if g, ok := got[key]; !ok || g != v {
			t.Errorf("%s = %v (there: %v), want %v", key, g, ok, v)
		}
	}
	for _, key := range []string{"grpc_lb_picker_updates_total", "grpc_lb_picks_delayed_total"} {
		if _, ok := got[key]; !ok {
			t.Errorf("%s is missing", key)
		}
	}

	a.kill()
	c.waitForSeries(ctx, "grpc_lb_backend_ready "+a.addr, 0)
	c.waitForSeries(ctx, "grpc_lb_disconnections_total "+a.addr, 1)
	c.update(resolver.State{})
	if got := c.scrape()["grpc_lb_resolver_updates_total rejected"]; got < 1 {
		t.Errorf("rejected resolver updates: %v, want 1 or more", got)
	}
	_ = c.conn.Close()
	if got := c.scrape()["grpc_lb_channels"]; got != 0 {
		t.Errorf("channels after Close: %v, want 0", got)
	}
}

// TestTheLawHoldsUnderKills has load, kills and updates at once.
func TestTheLawHoldsUnderKills(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{pickfirst2.Name, roundrobin2.Name} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			backends := startBackends(t, 3)
			c := dial(t, policy, backends...)
			c.callsUntil(ctx, 30, backends[:map[string]int{pickfirst2.Name: 1, roundrobin2.Name: 3}[policy]]...)
			stop := c.load(ctx, grpc.WaitForReady(true))
			for i := range 9 {
				backends[i%3].kill()
				c.update(addressesOf(backends[i%3], backends[(i+1)%3]))
				for range 50 {
					_, _ = c.call(ctx)
				}
				backends[i%3].start()
				c.update(addressesOf(backends...))
			}
			_, failed := stop()
			onlyUnavailable(t, failed)
			picks, rpcs := c.checkLaw(backends...)
			if picks == 0 || rpcs == 0 {
				t.Errorf("%v picks and %v RPCs were counted", picks, rpcs)
			}
		})
	}
}

// update sends a resolver update and returns when the policy has taken it.
func (c *client) update(s resolver.State) {
	// The answer is for the resolver: an empty update is refused, on purpose.
	_ = c.resolver.CC().UpdateState(s)
}

// waitForSeries waits until a series has a value, sending RPCs meanwhile.
func (c *client) waitForSeries(ctx context.Context, key string, want float64) {
	c.t.Helper()
	for c.scrape()[key] != want {
		if ctx.Err() != nil {
			c.t.Fatalf("%s = %v, want %v", key, c.scrape()[key], want)
		}
	}
}
