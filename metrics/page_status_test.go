package metrics_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics"
)

var up = []connectivity.State{connecting, ready}

// The state of a backend is the best of its subchannels', and lasts since the
// first of them is in it.
func TestPageShowsTheBestState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		states [][]connectivity.State // of the subchannels, a minute apart
		want   string
	}{
		{[][]connectivity.State{up, {connecting}}, "READY best of 2 subchannels 2m00s"},
		{[][]connectivity.State{{connecting}, up}, "READY best of 2 subchannels 1m00s"},
		{[][]connectivity.State{up, up, {connecting}}, "READY best of 3 subchannels 3m00s"},
		{[][]connectivity.State{nil, {connecting}}, "CONNECTING best of 2 subchannels 1m00s"},
		{[][]connectivity.State{failed, nil}, "IDLE best of 2 subchannels 1m00s"},
		{[][]connectivity.State{failed, failed}, "TRANSIENT_FAILURE best of 2 subchannels 2m00s"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			m := metrics.New()
			for _, states := range tt.states {
				list(t, m, "test:///t", "p", atOnce, listed{name: "a", states: states})
				time.Sleep(time.Minute)
			}
			row := rows(t, view(t, m, ""), "list")[0]
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
		got := viewJSON(t, m, "").Targets[0].Channels
		if len(got) != 3 || !slices.IsSortedFunc(got, func(a, b seenChannel) int { return a.Since.Compare(b.Since) }) {
			t.Errorf("channels %v, want three, the oldest state first", got)
		}
		if row := rows(t, view(t, m, ""), "overview")[0]; !strings.HasSuffix(row[2], " × 3 3m00s") {
			t.Errorf("channels %q, want 3 since 3m00s", row[2])
		}
	})
}

func TestPageShowsANewInstanceAsConnecting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
		time.Sleep(time.Second)
		if got := rows(t, view(t, m, ""), "overview")[0][2]; got != "CONNECTING 1s" {
			t.Errorf("channels %q, want CONNECTING 1s", got)
		}
	})
}

// A policy publishes pickers all the time without a change of its state.
func TestPageShowsSinceWhenAChannelIsInItsState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s := &stub{}
		m.Instrument(s).Build(&looseConn{}, balancer.BuildOptions{})
		steps := []struct {
			state connectivity.State
			want  string // a minute later
		}{
			{connecting, "CONNECTING 1m00s"}, // which it was
			{ready, "READY 1m00s"},
			{ready, "READY 2m00s"},
			{ready, "READY 3m00s"},
			{failure, "TRANSIENT_FAILURE 1m00s"},
			{ready, "READY 1m00s"},
		}
		for _, step := range steps {
			s.cc.UpdateState(balancer.State{ConnectivityState: step.state, Picker: pickerFunc(nil)})
			time.Sleep(time.Minute)
			if got := rows(t, view(t, m, ""), "overview")[0][2]; got != step.want {
				t.Errorf("channels %q, want %s", got, step.want)
			}
		}
	})
}

func TestPageMarksCodesThatSpeakOfTrouble(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	var all []codes.Code
	for code := codes.OK; code <= codes.Unauthenticated; code++ {
		all = append(all, code)
	}
	list(t, m, "test:///t", "p", atOnce, listed{name: "a", ends: all})
	var marked []string
	page := view(t, m, "")
	for i, n := range page {
		if n.tag == "span" && n.attrs["class"] == "bad" {
			marked = append(marked, strings.Fields(textOf(page[i:]))[0])
		}
	}
	slices.Sort(marked)
	want := []string{"DataLoss", "DeadlineExceeded", "Internal", "ResourceExhausted", "Unavailable", "Unknown"}
	if !slices.Equal(marked, want) {
		t.Errorf("marked codes %v, want %v", marked, want)
	}
}

// A backend that has been replaced does not count for the imbalance of the rest.
func TestImbalanceIsThatOfBackendsInUse(t *testing.T) {
	t.Parallel()
	ok := func(n int) []codes.Code { return make([]codes.Code, n) }
	tests := []struct {
		backends []listed
		want     string
	}{
		{[]listed{{name: "a", ends: ok(2)}, {name: "b", ends: ok(2)}}, "1.00"},
		{[]listed{{name: "a", ends: ok(3)}, {name: "b", ends: ok(1)}}, "1.50"},
		{[]listed{{name: "a", ends: ok(2)}, {name: "b", ends: ok(2)}, {name: "old", ends: ok(9), gone: true}}, "1.00"},
		{[]listed{{name: "a"}, {name: "old", ends: ok(9), gone: true}}, "–"},
		{[]listed{{name: "a"}}, "–"},
	}
	for _, tt := range tests {
		m := metrics.New()
		list(t, m, "test:///t", "p", atOnce, tt.backends...)
		row := rows(t, view(t, m, ""), "overview")[0]
		if got := row[len(row)-1]; got != tt.want {
			t.Errorf("%+v: imbalance %s, want %s", tt.backends, got, tt.want)
		}
	}
}

func TestPageNamesBackendsWithoutAName(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithBackendName(metrics.NoName))
	list(t, m, "test:///t", "p", atOnce, listed{name: "a"}, listed{name: "b"})
	if got := rows(t, view(t, m, ""), "list"); len(got) != 1 || got[0][0] != "(no name)" {
		t.Errorf("backends %q, want one, (no name)", got)
	}
}
