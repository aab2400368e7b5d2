package metrics_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

func TestIncidents(t *testing.T) {
	t.Parallel()
	refused := errors.New("dial tcp: connection refused")
	tests := map[string]func(in *incident){
		"killed": func(in *incident) {
			b := in.all[1]
			b.down = true
			b.fake.state(idle, connecting)
			lost := time.Now()
			for range 4 {
				in.run(3 * time.Second)
				b.fake.listener(balancer.SubConnState{ConnectivityState: failure, ConnectionError: refused})
				b.fake.state(idle, connecting)
			}
			in.run(time.Second)
			got := in.status(b.name)
			if !got.DownSince.Equal(lost) || got.FailedAttempts != 4 || !got.UpSince.IsZero() {
				in.t.Errorf("down since %v after %d attempts, want %v after 4", got.DownSince, got.FailedAttempts, lost)
			}
			in.wantEvent(livestatus.Lost, b.name, "", 13*time.Second)
			in.wantEvent(livestatus.ConnectFailed, b.name, refused.Error(), 10*time.Second)
			in.wantRates(func(p *played) (float64, float64) {
				if p == b {
					return 0, 0
				}
				return 2, 0
			})
			b.fake.state(ready)
			b.down = false
			in.run(2 * time.Second)
			if got := in.status(b.name); !got.DownSince.IsZero() || got.FailedAttempts != 0 || time.Since(got.UpSince) != 2*time.Second {
				in.t.Errorf("when it is back: down since %v, up since %v", got.DownSince, got.UpSince)
			}
			in.wantEvent(livestatus.Connected, b.name, "", 2*time.Second)
		},
		"slow": func(in *incident) {
			in.all[2].slow = true
			in.run(15 * time.Second)
			for i, b := range in.all {
				want, l := 2*time.Millisecond, in.status(b.name).Recent.Short.Latency
				low, high := 1800*time.Microsecond, 2200*time.Microsecond
				if i == 2 {
					want, low, high = 70*time.Millisecond, 63*time.Millisecond, 77*time.Millisecond
				}
				if l.Estimated || l.Count < 18 || l.Mean != want || min(l.P50, l.P95, l.P99) < low || max(l.P50, l.P95, l.P99) > high {
					in.t.Errorf("%s: latency %+v, want %v", b.name, l, want)
				}
			}
		},
		"answers only errors": func(in *incident) {
			in.all[0].err = status.Error(codes.Internal, "disk full")
			in.run(12 * time.Second)
			in.wantRates(func(b *played) (float64, float64) {
				if b.err != nil {
					return 2, 2
				}
				return 2, 0
			})
			got := in.status(in.all[0].name).LastRPCError
			if got.Code != codes.Internal || got.Text != "disk full" || time.Since(got.At) > tick {
				in.t.Errorf("the last error is %+v", got)
			}
		},
		"unhealthy and ejected": func(in *incident) {
			for _, verdict := range []struct {
				err  error
				text string
			}{{errSick, "unhealthy: " + errSick.Error()}, {nil, "ejected"}} {
				b := in.all[1]
				b.sc.RegisterHealthListener(func(balancer.SubConnState) {})
				say := b.fake.health[len(b.fake.health)-1]
				say(balancer.SubConnState{ConnectivityState: ready})
				say(balancer.SubConnState{ConnectivityState: failure, ConnectionError: verdict.err})
				b.down = true
				in.run(12 * time.Second)
				in.wantEvent(livestatus.Unusable, b.name, verdict.text, 12*time.Second)
				got := in.status(b.name)
				if !got.DownSince.IsZero() || got.UpSince.IsZero() || len(got.Unusable) != 1 || got.Recent.Short.Ended != 0 {
					in.t.Errorf("%s: %+v, want up, unusable and without RPCs", verdict.text, got)
				}
				say(balancer.SubConnState{ConnectivityState: connecting})
				say(balancer.SubConnState{ConnectivityState: ready})
				b.down = false
				in.run(time.Second)
				in.wantEvent(livestatus.Usable, b.name, "", time.Second)
			}
		},
		"added": func(in *incident) {
			b := in.add()
			in.resolve()
			in.run(3 * time.Second)
			in.wantRates(func(*played) (float64, float64) { return 2, 0 })
			if got := in.status(b.name); got.Recent.Short.Span != 3*time.Second || time.Since(got.UpSince) != 3*time.Second {
				in.t.Errorf("windows of a backend that is 3 s old: %+v, up since %v", got.Recent, got.UpSince)
			}
			e := in.wantEvent(livestatus.ResolverUpdate, "", "", 3*time.Second)
			if e.Endpoints != len(in.all) || !slices.Equal(e.Added, []string{b.name}) || e.AddedCount != 1 || e.RemovedCount != 0 {
				in.t.Errorf("the update is %+v, want that %s came", e, b.name)
			}
		},
		"removed": func(in *incident) {
			b := in.remove(1)
			in.resolve()
			in.run(12 * time.Second)
			in.wantRates(func(*played) (float64, float64) { return 2, 0 })
			if got := in.status(b.name); !got.DownSince.IsZero() || !got.UpSince.IsZero() || got.Recent.Short.Ended != 0 {
				in.t.Errorf("the removed backend is down since %v, up since %v, with %+v", got.DownSince, got.UpSince, got.Recent.Short)
			}
			e := in.wantEvent(livestatus.ResolverUpdate, "", "", 12*time.Second)
			if !slices.Equal(e.Removed, []string{b.name}) || e.RemovedCount != 1 || e.AddedCount != 0 {
				in.t.Errorf("the update is %+v, want that %s went", e, b.name)
			}
		},
		"all down": func(in *incident) {
			for _, b := range in.all {
				b.down = true
				b.fake.state(idle, connecting)
			}
			in.cc.picker = nil
			in.stub.cc.UpdateState(balancer.State{ConnectivityState: failure})
			lost := time.Now()
			in.run(3 * time.Second)
			for _, b := range in.all {
				if got := in.status(b.name).DownSince; !got.Equal(lost) {
					in.t.Errorf("%s is down since %v, want %v", b.name, got, lost)
				}
			}
			in.wantEvent(livestatus.InstanceState, "", "TRANSIENT_FAILURE", 3*time.Second)
			losses := 0
			for _, e := range in.seen.Events {
				if e.Kind == livestatus.Lost {
					losses += e.N
				}
			}
			if losses != len(in.all) {
				in.t.Errorf("%d connections were lost, want %d", losses, len(in.all))
			}
		},
		"resolver down": func(in *incident) {
			for range 5 {
				in.policy.ResolverError(errors.New("no such host"))
				in.run(2 * time.Second)
			}
			if e := in.wantEvent(livestatus.ResolverError, "", "no such host", 2*time.Second); e.N != 5 {
				in.t.Errorf("%+v, want 5 times", e)
			}
			in.wantRates(func(*played) (float64, float64) { return 2, 0 })
		},
		"rolling update": func(in *incident) {
			for range len(in.all) {
				in.add()
				in.remove(0)
				in.resolve()
				in.run(tick)
			}
			in.run(12 * time.Second)
			in.wantRates(func(*played) (float64, float64) { return 2, 0 })
			updates := 0
			for _, e := range in.seen.Events {
				if e.Kind == livestatus.ResolverUpdate {
					updates += e.N
				}
			}
			if updates < 3 || len(in.seen.Events) > 64 {
				in.t.Errorf("%d resolver updates among %d events", updates, len(in.seen.Events))
			}
		},
	}
	for name, play := range tests {
		for _, n := range []int{3, 200} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { play(newIncident(t, n)) })
			})
		}
	}
}
