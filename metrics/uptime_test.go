package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// only returns what the page reads of the only target.
func only(t *testing.T, m *metrics.Metrics) livestatus.Status {
	t.Helper()
	all := metrics.Look(m)
	if len(all) != 1 {
		t.Fatalf("%d targets, want 1", len(all))
	}
	for _, st := range all {
		return st
	}
	return livestatus.Status{}
}

// uptimeModel says in the simplest way since when a backend is up or down.
type uptimeModel struct {
	ready    int
	up, down time.Time // zero if not
	failed   uint64    // attempts since down
}

func (u *uptimeModel) enter(now time.Time) {
	if u.ready++; u.ready == 1 {
		u.up, u.down, u.failed = now, time.Time{}, 0
	}
}

func (u *uptimeModel) leave(now time.Time, lost bool) {
	if u.ready--; u.ready > 0 {
		return
	}
	u.up, u.failed = time.Time{}, 0
	if lost {
		u.down = now
	}
}

func (u *uptimeModel) fail(now time.Time) {
	if u.ready > 0 {
		return
	}
	if u.down.IsZero() {
		u.down = now
	}
	u.failed++
}

// Random lives of the subchannels of one backend, in two channels.
func TestUptimeIsThatOfTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			m := metrics.New()
			var stubs [2]*stub
			var ccs [2]*looseConn
			for i := range stubs {
				stubs[i], ccs[i] = &stub{}, &looseConn{}
				m.Instrument(stubs[i]).Build(ccs[i], balancer.BuildOptions{})
			}
			type conn struct {
				sc    balancer.SubConn
				fake  *looseSubConn
				state connectivity.State
			}
			var conns []*conn
			var u uptimeModel
			for step := range 100 {
				time.Sleep(1 + time.Duration(r.Int64N(int64(time.Minute))))
				now := time.Now()
				switch r.IntN(12) {
				case 0:
					if len(conns) == 0 {
						u = uptimeModel{}
					}
					i := r.IntN(2)
					sc := stubs[i].connect(t, "a:1")
					conns = append(conns, &conn{sc, ccs[i].made[len(ccs[i].made)-1], idle})
				case 1:
					if len(conns) > 0 {
						i := r.IntN(len(conns))
						conns[i].sc.Shutdown()
						if conns[i].state == ready {
							u.leave(now, false)
						}
						conns = append(conns[:i], conns[i+1:]...)
					}
				default:
					if len(conns) > 0 {
						c := conns[r.IntN(len(conns))]
						to := []connectivity.State{idle, connecting, ready, failure}[r.IntN(4)]
						if to != c.state {
							from := c.state
							c.state = to
							if from == ready {
								u.leave(now, true)
							} else if to == failure {
								u.fail(now)
							}
							if to == ready {
								u.enter(now)
							}
						}
						c.fake.state(to)
					}
				}
				if r.IntN(3) > 0 {
					continue
				}
				st := only(t, m)
				if len(st.Backends) == 0 {
					continue
				}
				got := st.Backends[0]
				want := fmt.Sprint(u.up, u.down, u.failed)
				switch {
				case len(conns) == 0: // it is neither
					want = fmt.Sprint(time.Time{}, time.Time{}, 0)
				case u.ready == 0 && u.down.IsZero() && got.State == failure:
					want = fmt.Sprint(u.up, got.Since, u.failed) // as it was before the READY one was shut down
				}
				got.UpSince, got.DownSince = got.UpSince.Round(0), got.DownSince.Round(0)
				if have := fmt.Sprint(got.UpSince, got.DownSince, got.FailedAttempts); have != want {
					t.Fatalf("seed %d, step %d: up since, down since, attempts: %s, want %s", seed, step, have, want)
				}
			}
		})
	}
}

// Each failed attempt restarts the state, but not the time since when it is down.
func TestABackendIsDownSinceTheFirstFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		s.connect(t, "a:1")
		cc.made[0].state(connecting)
		time.Sleep(time.Second)
		if got := only(t, m).Backends[0]; !got.DownSince.IsZero() || !got.UpSince.IsZero() {
			t.Errorf("while it connects first: down since %v, up since %v", got.DownSince, got.UpSince)
		}
		first := time.Now()
		for range 60 {
			cc.made[0].state(failure, idle, connecting)
			time.Sleep(time.Minute)
		}
		got := only(t, m).Backends[0]
		if !got.DownSince.Equal(first) || got.FailedAttempts != 60 {
			t.Errorf("down since %v after %d attempts, want %v after 60", got.DownSince, got.FailedAttempts, first)
		}
	})
}

// A health check that fails closes no connection, and yet the subchannel is not READY.
func TestAHealthCheckedBackendIsDownWhileItsCheckFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newWatched(t, balancer.NewSubConnOptions{HealthCheckEnabled: true})
		p.play(event{connecting, nil}, event{ready, nil})
		time.Sleep(time.Minute)
		sick := time.Now()
		p.play(event{failure, errSick})
		time.Sleep(time.Minute)
		if got := only(t, p.m).Backends[0]; !got.DownSince.Equal(sick) || got.FailedAttempts != 0 {
			t.Errorf("down since %v after %d attempts, want %v after 0", got.DownSince, got.FailedAttempts, sick)
		}
		p.play(event{ready, nil})
		wantTexts(t, p.m, "usable a:1", "unusable a:1 unhealthy: "+errSick.Error(), "connected a:1", "instance_built")
	})
}
