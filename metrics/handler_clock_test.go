package metrics_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

// Times on the page depend only on the age of an event, not on what the wall clock
// said when it happened.
func TestPageCountsTimesBackFromNow(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{
		"not stepped": 0, "stepped forward": 8 * time.Hour, "stepped back": -8 * time.Hour,
		"had not been set": 20 * 365 * 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Hour) // so that events do not begin with New
				m := metrics.New()
				list(t, m, "test:///t", "p", func() { time.Sleep(time.Minute) },
					listed{name: "a", states: []connectivity.State{connecting, failure, connecting}, err: errors.New("refused")})
				time.Sleep(3 * time.Second)
				page := metrics.HandlerAt(m, func() time.Time { return time.Now().Round(0).Add(step) })

				var got pagetest.Page
				now := time.Now().Round(0).Add(step)
				w := pagetest.Request(t, page, http.MethodGet, "format=json")
				if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
					t.Fatalf("%v: %s", err, w.Body)
				}
				want := map[string]time.Time{
					"answer": now, "channel": now.Add(-3 * time.Second),
					"backend": now.Add(-3 * time.Second), "error": now.Add(-63 * time.Second),
				}
				have := map[string]time.Time{
					"answer": got.Time, "channel": got.Targets[0].PolicyInstances[0].Since,
					"backend": got.Backends[0].Since, "error": got.Backends[0].LastErrorAt,
				}
				if diff := cmp.Diff(want, have); diff != "" {
					t.Errorf("JSON (-want +got):\n%s", diff)
				}

				html := pagetest.Scan(t, pagetest.Request(t, page, http.MethodGet, "").Body.String())
				row := pagetest.Rows(t, html, "list")[0]
				shown := []string{pagetest.Targets(t, html)[0]["channels"], row[2], row[8]}
				if diff := cmp.Diff([]string{"READY 3s", "1m03s", "1m03s ago refused"}, shown); diff != "" {
					t.Errorf("HTML (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A state may change while the page reads other states.
func TestPageShowsNothingOfTheFuture(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	cc, s := &looseConn{}, &stub{}
	m.Instrument(s).Build(cc, balancer.BuildOptions{})
	s.connect(t, "a:1")
	stop := repeat(1, func() {
		cc.made[0].state(connecting, failure)
		s.cc.UpdateState(balancer.State{ConnectivityState: connecting})
		s.cc.UpdateState(balancer.State{ConnectivityState: ready})
	})
	for range 500 {
		got := viewJSON(t, m, "")
		for what, at := range map[string]time.Time{
			"channel": got.Targets[0].PolicyInstances[0].Since, "backend": got.Backends[0].Since, "error": got.Backends[0].LastErrorAt,
		} {
			if at.After(got.Time) {
				t.Errorf("%s: since %v, which is after %v, that of the answer", what, at, got.Time)
			}
		}
	}
	stop()
}
