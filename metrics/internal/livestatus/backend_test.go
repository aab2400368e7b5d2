package livestatus_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

const (
	ready      = connectivity.Ready
	connecting = connectivity.Connecting
	idle       = connectivity.Idle
	failure    = connectivity.TransientFailure
)

// at returns a time by its minute.
func at(minute int) time.Time { return time.Date(2000, time.January, 1, 0, minute, 0, 0, time.UTC) }

func backend(state connectivity.State, change func(*livestatus.Backend)) livestatus.Backend {
	var b livestatus.Backend
	b.AddSubchannel(state, "", at(30))
	if change != nil {
		change(&b)
	}
	return b
}

func TestWhenABackendIsDown(t *testing.T) {
	t.Parallel()
	lost := func(b *livestatus.Backend) { b.DownSince = at(10) }
	tests := []struct {
		what    string
		backend livestatus.Backend
		down    bool
		since   time.Time
	}{
		{"READY", backend(ready, func(b *livestatus.Backend) { b.UpSince = at(20) }), false, at(20)},
		{"READY, since when is not known", backend(ready, nil), false, at(30)},
		{"its connection was lost", backend(failure, lost), true, at(10)},
		{"it reconnects", backend(connecting, lost), true, at(10)},
		{"it failed, since when is not known", backend(failure, nil), true, at(30)},
		{"it connects for the first time", backend(connecting, nil), false, at(30)},
		{"it was lost and nobody asks for it", backend(idle, lost), false, at(30)},
		{"it failed and nobody asks for it", backend(idle, func(b *livestatus.Backend) { b.DownSince, b.FailedAttempts = at(10), 1 }), true, at(10)},
		{"one subchannel is READY", backend(failure, func(b *livestatus.Backend) {
			lost(b)
			b.AddSubchannel(ready, "", at(40))
		}), false, at(40)},
		{"it has no subchannel", livestatus.Backend{State: failure, DownSince: at(10)}, false, time.Time{}},
	}
	for _, tt := range tests {
		if down, since := tt.backend.Down(), tt.backend.ShownSince(); down != tt.down || !since.Equal(tt.since) {
			t.Errorf("%s: down is %v since %v, want %v since %v", tt.what, down, since, tt.down, tt.since)
		}
	}
}

// A backend is in the best state of its subchannels, since the first of them is in it.
func TestTheBestStateAndSinceWhen(t *testing.T) {
	t.Parallel()
	type subchannel struct {
		state connectivity.State
		since int
	}
	tests := []struct {
		subchannels []subchannel
		state       connectivity.State
		since       int
	}{
		{[]subchannel{{idle, 2}}, idle, 2},
		{[]subchannel{{idle, 2}, {idle, 1}, {idle, 3}}, idle, 1},
		{[]subchannel{{failure, 1}, {idle, 2}}, idle, 2},
		{[]subchannel{{connecting, 3}, {idle, 2}}, connecting, 3},
		{[]subchannel{{connecting, 1}, {ready, 3}, {ready, 2}, {failure, 0}}, ready, 2},
	}
	for _, tt := range tests {
		var b livestatus.Backend
		for _, s := range tt.subchannels {
			b.AddSubchannel(s.state, "", at(s.since))
		}
		if b.State != tt.state || !b.Since.Equal(at(tt.since)) || b.Subchannels != len(tt.subchannels) {
			t.Errorf("%v: %d in %v since %v, want %v since %v", tt.subchannels, b.Subchannels, b.State, b.Since, tt.state, at(tt.since))
		}
	}
}

// The last verdict is told while it is why a subchannel gets no picks.
func TestTheVerdictThatMattersNow(t *testing.T) {
	t.Parallel()
	sick := livestatus.Verdict{Reason: "unhealthy", Err: errors.New("NOT_SERVING"), At: at(20)}
	judged := func(state connectivity.State, unusable string, lastError time.Time) livestatus.Backend {
		b := livestatus.Backend{Verdict: sick, LastErrorAt: lastError}
		b.AddSubchannel(state, unusable, at(30))
		return b
	}
	for what, tt := range map[string]struct {
		backend livestatus.Backend
		want    bool
	}{
		"READY without picks":                 {judged(ready, "unhealthy", time.Time{}), true},
		"usable again":                        {judged(ready, "", time.Time{}), false},
		"failing by the verdict":              {judged(failure, "", at(10)), true},
		"failing by an attempt since":         {judged(failure, "", at(25)), false},
		"connecting":                          {judged(connecting, "", time.Time{}), false},
		"without a subchannel, failed before": {livestatus.Backend{Verdict: sick, State: failure}, false},
	} {
		if got := tt.backend.CurrentVerdict(); (got == sick) != tt.want || !tt.want && got != (livestatus.Verdict{}) {
			t.Errorf("%s: %+v", what, got)
		}
	}
}
