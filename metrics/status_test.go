package metrics_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

// channels returns what the page says of the channels of the only target.
func channels(tb testing.TB, m *metrics.Metrics) string {
	tb.Helper()
	return pagetest.Targets(tb, view(tb, m))[0]["channels"]
}

// The state of a backend is the best state of its subchannels, since the time when
// the first of these entered it.
func TestPageShowsTheBestState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		states [][]connectivity.State // states of each subchannel, a minute apart
		want   string
	}{
		{[][]connectivity.State{up, {connecting}}, "READY best of 2 subchannels 2m00s"},
		{[][]connectivity.State{{connecting}, up}, "READY best of 2 subchannels 1m00s"},
		{[][]connectivity.State{up, up, {connecting}}, "READY best of 3 subchannels 3m00s"},
		{[][]connectivity.State{nil, {connecting}}, "CONNECTING best of 2 subchannels 1m00s"},
		{[][]connectivity.State{failed, nil}, "DOWN IDLE, best of 2 subchannels, 1 attempt failed 2m00s"},
		{[][]connectivity.State{failed, failed}, "DOWN TRANSIENT_FAILURE, best of 2 subchannels, 2 attempts failed 2m00s"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			m := metrics.New()
			for _, states := range tt.states {
				list(t, m, "test:///t", "p", atOnce, listed{name: "a", states: states})
				time.Sleep(time.Minute)
			}
			row := pagetest.Rows(t, view(t, m), "list")[0]
			if got := row[1] + " " + row[2]; got != tt.want {
				t.Errorf("%v: %q, want %q", tt.states, got, tt.want)
			}
		})
	}
}

func TestPageShowsTheChannelThatIsLongestInItsState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		for range 3 {
			list(t, m, "test:///t", "p", atOnce, listed{name: "a"})
			time.Sleep(time.Minute)
		}
		got := viewJSON(t, m, "").Targets[0].PolicyInstances
		if len(got) != 3 || !slices.IsSortedFunc(got, func(a, b pagetest.Channel) int { return a.Since.Compare(b.Since) }) {
			t.Errorf("channels %v, want three, the oldest state first", got)
		}
		if got := channels(t, m); !strings.HasSuffix(got, " × 3 3m00s") {
			t.Errorf("channels %q, want 3 since 3m00s", got)
		}
	})
}

func TestPageShowsANewInstanceAsConnecting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
		time.Sleep(time.Second)
		if got := channels(t, m); got != "CONNECTING 1s" {
			t.Errorf("channels %q, want CONNECTING 1s", got)
		}
	})
}

// A policy may publish pickers often without changing its state.
func TestPageShowsSinceWhenAChannelIsInItsState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s := &stub{}
		m.Instrument(s).Build(&looseConn{}, balancer.BuildOptions{})
		steps := []struct {
			state connectivity.State
			want  string // what the page shows a minute later
		}{
			{connecting, "CONNECTING 1m00s"}, // as before
			{ready, "READY 1m00s"},
			{ready, "READY 2m00s"},
			{ready, "READY 3m00s"},
			{failure, "TRANSIENT_FAILURE 1m00s"},
			{ready, "READY 1m00s"},
		}
		for _, step := range steps {
			s.cc.UpdateState(balancer.State{ConnectivityState: step.state, Picker: pickerFunc(nil)})
			time.Sleep(time.Minute)
			if got := channels(t, m); got != step.want {
				t.Errorf("channels %q, want %s", got, step.want)
			}
		}
	})
}

func TestPageNamesBackendsWithoutAName(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithBackendName(metrics.NameNone))
	list(t, m, "test:///t", "p", atOnce, listed{name: "a"}, listed{name: "b"})
	if got := pagetest.Rows(t, view(t, m), "list"); len(got) != 1 || got[0][0] != "(no name)" {
		t.Errorf("backends %q, want one, (no name)", got)
	}
}

func TestPageHintsAtFoldedBackends(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithMaxBackends(1))
	list(t, m, "test:///t", "p", atOnce, listed{name: "a"}, listed{name: "b"}, listed{name: "c", ends: []codes.Code{codes.OK}})
	page := view(t, m)
	if got := pagetest.Rows(t, page, "list"); len(got) != 2 || got[1][0] != "other" || got[1][1] != "IDLE best of 2 subchannels" {
		t.Errorf("backends %q, want a and other", got)
	}
	_, overview := pagetest.Find(t, page, "id", "overview")
	if got := pagetest.TextOf(overview); !strings.Contains(got, "2 subchannels came when the limit on backends was reached") {
		t.Errorf("the overview does not explain what was folded: %s", got)
	}
}

// Like a scrape, the page drops records whose retention has passed.
func TestPageDropsWhatIsPastItsRetention(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithRetention(time.Minute))
		list(t, m, "test:///used", "p", atOnce, listed{name: "a"}, listed{name: "old", gone: true})
		s := &stub{}
		closed := m.Instrument(s).Build(&looseConn{}, balancer.BuildOptions{})
		s.connect(t, "b")
		closed.Close()
		steps := []struct {
			after             time.Duration
			targets, backends int
		}{
			{0, 2, 3},
			{time.Minute - 1, 2, 3},
			{1, 1, 1},
		}
		for _, step := range steps {
			time.Sleep(step.after)
			got := viewJSON(t, m, "")
			if len(got.Targets) != step.targets || len(got.Backends) != step.backends {
				t.Errorf("%v later: %d targets with %v, want %d with %d backends", step.after, len(got.Targets), got.Names(), step.targets, step.backends)
			}
		}
	})
}

func TestPageTellsWhatMadeABackendUnusable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newWatched(t, balancer.NewSubConnOptions{})
		cell := func() string { return pagetest.Rows(t, view(t, p.m), "list")[0][1] }
		p.fake.state(connecting, ready)
		say := p.watch()
		for _, step := range []struct {
			state connectivity.State
			err   error
			want  string
		}{
			{connecting, nil, "READY 0 of 1 usable: unchecked"},
			{failure, errSick, "READY 0 of 1 usable: unhealthy 1s ago " + errSick.Error()},
			{connecting, nil, "READY 0 of 1 usable: unchecked 2s ago " + errSick.Error()},
			{failure, nil, "READY 0 of 1 usable: ejected 1s ago"},
			{ready, nil, "READY"},
		} {
			say(step.state, step.err)
			time.Sleep(time.Second)
			if got := cell(); got != step.want {
				t.Errorf("after %v, %v: state %q, want %q", step.state, step.err, got, step.want)
			}
		}
		body := request(t, p.m, "?format=json").Body.String()
		const last = `"last_unusable_reason":"ejected","last_unusable_at":"2000-01-01T00:00:03Z"`
		if !strings.Contains(body, last) {
			t.Errorf("JSON lacks %s: %s", last, body)
		}
	})
}

// gRPC reports their health checks as states.
func TestPageTellsWhyAHealthCheckedSubConnFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newWatched(t, balancer.NewSubConnOptions{HealthCheckEnabled: true})
		row := func() string { return strings.Join(pagetest.Rows(t, view(t, p.m), "list")[0], "|") }
		p.play(event{connecting, nil}, event{ready, nil}, event{failure, errSick})
		if got, want := row(), "a:1|DOWN TRANSIENT_FAILURE 0s ago "+errSick.Error()+"|0s|||||0||0 picks 1 made"; got != want {
			t.Errorf("unhealthy: %q, want %q", got, want)
		}
		time.Sleep(time.Second)
		p.play(event{idle, nil}, event{connecting, nil}, event{failure, errors.New("refused")})
		if got, want := row(), "a:1|DOWN TRANSIENT_FAILURE, 1 attempt failed|1s|0||||0|0s ago refused|0 picks 1 made, 1 failed, 1 lost"; got != want {
			t.Errorf("unreachable: %q, want %q", got, want)
		}
	})
}
