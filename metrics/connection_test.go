package metrics_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// event is a state that gRPC reports.
type event struct {
	state connectivity.State
	err   error
}

// A SubConn that is made with HealthCheckEnabled changes its state with its health
// while its connection stands.
func TestHealthChecksAreNoConnections(t *testing.T) {
	t.Parallel()
	const (
		success = "connection_attempts_succeeded_total"
		failed  = "connection_attempts_failed_total"
		lost    = "disconnections_total"
		early   = "early_disconnections_total"
	)
	var (
		broken  = event{failure, errors.New("connection error: refused")}
		sick    = event{failure, errSick}
		silent  = event{failure, nil}
		going   = event{connecting, nil}
		healthy = event{ready, nil}
		off     = event{idle, nil}
	)
	tests := []struct {
		name   string
		events []event
		want   map[string]float64
	}{
		{"healthy", []event{going, healthy}, map[string]float64{success: 1}},
		{"falls ill", []event{going, healthy, sick}, map[string]float64{success: 1}},
		{"falls ill, in other words", []event{going, healthy, broken}, map[string]float64{success: 1}},
		{"falls ill, without words", []event{going, healthy, silent}, map[string]float64{success: 1}},
		{"recovers", []event{going, healthy, sick, healthy}, map[string]float64{success: 1}},
		{"recovers by another check", []event{going, healthy, sick, going, healthy}, map[string]float64{success: 1}},
		{"the check begins anew", []event{going, healthy, going, healthy}, map[string]float64{success: 1}},
		{"falls ill and is lost", []event{going, healthy, sick, off}, map[string]float64{success: 1, lost: 1}},
		{"is lost while it is checked", []event{going, healthy, sick, going, off}, map[string]float64{success: 1, lost: 1}},
		{"is lost healthy", []event{going, healthy, off}, map[string]float64{success: 1, lost: 1, early: 1}},
		{"is ill from the start", []event{going, sick}, map[string]float64{success: 1}},
		{"is ill from the start and recovers", []event{going, sick, healthy}, map[string]float64{success: 1}},
		{"is ill from the start and lost", []event{going, sick, off}, map[string]float64{success: 1, lost: 1, early: 1}},
		{"lost before the first check", []event{going, off}, map[string]float64{success: 1, lost: 1, early: 1}},
		{"cannot connect", []event{going, broken}, map[string]float64{failed: 1}},
		{"cannot connect, without words", []event{going, silent}, map[string]float64{failed: 1}},
		{"cannot connect at first", []event{going, broken, off, going, healthy}, map[string]float64{failed: 1, success: 1}},
		{"cannot connect again", []event{going, healthy, off, going, broken}, map[string]float64{success: 1, lost: 1, early: 1, failed: 1}},
		{"connects again", []event{going, healthy, off, going, sick, healthy}, map[string]float64{success: 2, lost: 1, early: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // in which no time passes
				p := newWatched(t, balancer.NewSubConnOptions{HealthCheckEnabled: true})
				p.play(tt.events...)
				if diff := cmp.Diff(tt.want, p.connections()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				last := tt.events[len(tt.events)-1]
				if last.state == ready {
					p.want("READY", isUsable)
				} else {
					p.want("not READY", gone)
				}
			})
		})
	}
}

// Without HealthCheckEnabled the same states and errors are losses and failures.
func TestOnlyHealthCheckedSubConnsKeepTheirConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newWatched(t, balancer.NewSubConnOptions{})
		p.play(event{connecting, nil}, event{failure, errSick}, event{idle, nil}, event{connecting, nil}, event{ready, nil}, event{connecting, nil})
		want := map[string]float64{
			"connection_attempts_failed_total": 1, "connection_attempts_succeeded_total": 1,
			"disconnections_total": 1, "early_disconnections_total": 1,
		}
		if diff := cmp.Diff(want, p.connections()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestEarlyDisconnectionsOfHealthCheckedSubConns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		events []event
		lasts  time.Duration // each state
		early  float64
	}{
		{"just made", []event{{connecting, nil}, {ready, nil}, {idle, nil}}, time.Second - 1, 1},
		{"a second old", []event{{connecting, nil}, {ready, nil}, {idle, nil}}, time.Second, 0},
		{"ill, just made", []event{{connecting, nil}, {failure, errSick}, {idle, nil}}, time.Second - 1, 1},
		{"has just recovered", []event{{connecting, nil}, {ready, nil}, {failure, errSick}, {ready, nil}, {idle, nil}}, time.Second - 1, 0},
		{"not checked within a second", []event{{connecting, nil}, {idle, nil}}, time.Second, 0},
		{"made again", []event{
			{connecting, nil}, {ready, nil}, {failure, errSick}, {idle, nil}, {connecting, nil}, {ready, nil}, {idle, nil},
		}, time.Second - 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newWatched(t, balancer.NewSubConnOptions{HealthCheckEnabled: true})
				for _, e := range tt.events {
					time.Sleep(tt.lasts)
					p.play(e)
				}
				if got := scrape(t, p.m).sum("early_disconnections_total"); got != tt.early {
					t.Errorf("early disconnections: %v, want %v", got, tt.early)
				}
			})
		})
	}
}

// It is the time to connect, and not until the backend recovers.
func TestHealthChecksHaveNoConnectDuration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newWatched(t, balancer.NewSubConnOptions{HealthCheckEnabled: true})
		for _, e := range []event{{connecting, nil}, {ready, nil}, {failure, errSick}, {connecting, nil}, {ready, nil}, {idle, nil}, {connecting, nil}, {failure, errSick}, {ready, nil}} {
			time.Sleep(time.Second)
			p.play(e)
		}
		if n, sum := scrape(t, p.m).sum("connect_duration_seconds_count"), connectDurationSum(t, p.m); n != 1 || sum != 1 {
			t.Errorf("%v connections took %v s, want 1 and 1 s", n, sum)
		}
	})
}

// play has gRPC report states.
func (p *watched) play(events ...event) {
	for _, e := range events {
		p.fake.listener(balancer.SubConnState{ConnectivityState: e.state, ConnectionError: e.err})
	}
}

// connections returns what is counted of the backend's connections.
func (p *watched) connections() map[string]float64 {
	got := make(map[string]float64)
	for _, s := range scrape(p.t, p.m) {
		switch s.name {
		case "connection_attempts_succeeded_total", "connection_attempts_failed_total",
			"disconnections_total", "early_disconnections_total":
			if s.value != 0 {
				got[s.name] += s.value
			}
		}
	}
	return got
}
