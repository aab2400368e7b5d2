package diagnosis_test

import (
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus/statustest"
)

// The sentence is what an engineer reads first, so each situation has its own.
func TestASentenceSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		situation string
		status    livestatus.Status
		severity  string
		want      string
	}{
		{"all is well", open(even(3)...), "ok", "all 3 usable, even, no errors"},
		{"one backend", open(even(1)...), "ok", "1 backend, usable, no errors"},
		{"a few errors", open(with(even(3), 1, hasFailed(70))...), "ok", "all 3 usable, even, 0.8 % errors"},
		{"nothing is known yet", open(unknown(even(2))...), "ok", "both usable"},
		{"no RPCs", open(unasked("a"), unasked("b")), "ok", "both usable, no RPCs for 1 min"},
		{"uneven within limits", open(picked(750, 1000, 650)...), "ok", "all 3 usable, even, no errors"},
		{"uneven beyond them", open(picked(740, 1009, 651)...), "ok", "all 3 usable, imbalance 1.26, no errors"},
		{"no RPCs as far as known", open(justSeen(4900 * time.Millisecond)...), "ok", "both usable, no RPCs now"},
		{"no RPCs for seconds", open(justSeen(5 * time.Second)...), "ok", "both usable, no RPCs for 5 s"},
		{"a little uneven", open(with(even(3), 0, gets(90))...), "ok", "all 3 usable, imbalance 1.42, no errors"},
		{"some wait for a hash", open(with(with(even(4), 1, is(idle)), 2, is(idle))...), "ok", "2 of 4 usable, 2 idle, even, no errors"},
		{"old ones are listed", open(with(even(4), 3, is(noSubchannel))...), "ok", "all 3 usable, even, no errors"},

		{"one is down", open(with(even(3), 1, downFor(4*time.Minute))...), "warn", "1 of 3 backends down for 4 min (10.0.0.2)"},
		{"two are down", open(with(with(even(200), 1, downFor(4*time.Minute)), 9, downFor(4*time.Minute))...), "warn",
			"2 of 200 backends down for 4 min (10.0.0.2, 10.0.0.10)"},
		{"two, one after the other", open(with(with(even(200), 9, downFor(time.Hour)), 1, downFor(50*time.Second))...), "warn",
			"2 of 200 backends down for 50 s to 1 h (10.0.0.2, 10.0.0.10)"},
		{"many are down", open(downAll(even(200), 40, 3*24*time.Hour)...), "warn", "40 of 200 backends down for 3 days"},
		{"all are down", open(downAll(even(3), 3, 4*time.Minute)...), "bad", "all 3 backends down for 4 min"},
		{"the only one is down", open(downAll(even(1), 1, time.Second)...), "bad", "the only backend down for 1 s"},
		{"RPCs wait", waiting(open(downAll(even(3), 3, time.Minute)...), 12), "bad", "all 3 backends down for 1 min; 12 RPCs wait for a backend"},
		{"RPCs wait beside usable ones", waiting(open(even(3)...), 5), "ok", "all 3 usable, even, no errors"},
		{"down for nearly a minute", open(with(even(3), 1, downFor(59600*time.Millisecond))...), "warn", "1 of 3 backends down for 1 min (10.0.0.2)"},
		{"one RPC waits", waiting(open(downAll(even(3), 3, time.Minute)...), 1), "bad", "all 3 backends down for 1 min; 1 RPC waits for a backend"},
		{"while it reconnects", open(with(even(3), 1, downFor(time.Minute), reconnects)...), "warn", "1 of 3 backends down for 1 min (10.0.0.2)"},
		{"lost, and nobody asks", open(with(even(2), 1, lostAndIdle)...), "ok", "1 of 2 usable, 1 idle, no errors"},

		{"one is unhealthy", open(with(even(3), 1, isUnusable("unhealthy"))...), "warn", "1 of 3 backends unhealthy for 1 min (10.0.0.2)"},
		{"two reasons", open(with(with(even(9), 1, isUnusable("unhealthy")), 2, isUnusable("ejected"))...), "warn",
			"2 of 9 backends ejected or unhealthy for 1 min (10.0.0.2, 10.0.0.3)"},
		{"all are unhealthy", open(with(with(even(2), 1, isUnusable("unhealthy")), 0, isUnusable("unhealthy"))...), "bad", "both backends unhealthy for 1 min"},
		{"one down, one unhealthy", open(with(with(even(2), 0, isUnusable("unhealthy")), 1, downFor(time.Minute))...), "bad",
			"nothing is usable; 1 of 2 backends down for 1 min (10.0.0.2); 1 of 2 backends unhealthy for 1 min (10.0.0.1)"},

		{"starting", open(with(even(1), 0, is(connecting), since(0))...), "idle", "the only backend connecting"},
		{"connecting for a moment", open(with(even(3), 2, is(connecting), since(2900*time.Millisecond))...), "ok", "2 of 3 usable, even, no errors"},
		{"connecting for longer", open(with(even(3), 2, is(connecting), since(3*time.Second))...), "warn", "1 of 3 backends connecting for 3 s (10.0.0.3)"},
		{"slow to connect", open(with(even(3), 2, is(connecting), since(12*time.Second))...), "warn", "1 of 3 backends connecting for 12 s (10.0.0.3)"},

		{"one fails", open(with(even(200), 6, fails(7))...), "warn", "14 % errors from 10.0.0.7"},
		{"one of three fails", open(with(even(3), 1, fails(50))...), "bad", "100 % errors from 10.0.0.2"},
		{"two fail", open(with(with(even(200), 6, fails(7)), 8, fails(50))...), "warn", "errors from 10.0.0.9 (100 %) and 10.0.0.7 (14 %)"},
		{"some fail", open(with(with(with(even(200), 6, fails(7)), 8, fails(50)), 1, fails(9))...), "warn", "errors from 3 of 200 backends, most from 10.0.0.9 (100 %)"},
		{"all fail", open(with(with(with(even(3), 0, fails(5)), 1, fails(5)), 2, fails(5))...), "bad", "10 % errors, from all that are usable"},
		{"both fail", open(with(with(even(2), 0, fails(5)), 1, fails(5))...), "bad", "10 % errors, from all that are usable"},
		{"one down, one fails", open(with(with(even(200), 1, downFor(4*time.Minute)), 6, fails(7))...), "warn",
			"1 of 200 backends down for 4 min (10.0.0.2); 14 % errors from 10.0.0.7"},

		{"one is slow", open(with(even(3), 1, takes(850*time.Millisecond))...), "warn", "10.0.0.2 is slow: it takes 850 ms on average, the others 12 ms"},
		{"one seems slow", open(estimated(1, 50, 2)...), "warn", "10.0.0.2 is slow: it takes about 100 ms on average, the others 4 ms"},
		{"one seems slow, the others fast", open(estimated(0, 50, 0)...), "warn", "10.0.0.2 is slow: it takes about 100 ms on average, the others less than 6 ms"},
		{"one of two seems slow", open(estimated(0, 50)...), "warn", "10.0.0.2 is slow: it takes about 100 ms on average, the others less than 6 ms"},
		{"one down, one slow", open(with(with(even(3), 0, downFor(time.Minute)), 1, takes(850*time.Millisecond))...), "warn",
			"1 of 3 backends down for 1 min (10.0.0.1); 10.0.0.2 is slow: it takes 850 ms on average, the others 12 ms"},
		{"one down, one seems slow", open(with(estimated(0, 50, 0), 0, downFor(time.Minute))...), "warn",
			"1 of 3 backends down for 1 min (10.0.0.1); 10.0.0.2 is slow: it takes about 100 ms on average, the others less than 6 ms"},
		{"two seem slow", open(estimated(0, 60, 1, 50, 0)...), "warn", "2 of 5 backends are slow: 10.0.0.2 takes about 120 ms on average, the others 2 ms"},
		{"all seem fast", open(estimated(0, 0, 0)...), "ok", "all 3 usable, even, no errors"},
		{"one of two is slow", open(with(even(2), 1, takes(850*time.Millisecond))...), "warn", "10.0.0.2 is slow: it takes 850 ms on average, the others 12 ms"},
		{"two are slow", open(with(with(even(5), 1, takes(850*time.Millisecond)), 2, takes(2500*time.Millisecond))...), "warn",
			"2 of 5 backends are slow: 10.0.0.3 takes 2.5 s on average, the others 12 ms"},

		{"one gets nothing", open(with(even(3), 1, gets(0))...), "warn", "1 of 3 backends gets no picks though usable (10.0.0.2)"},
		{"one gets little", open(with(even(3), 1, gets(2))...), "warn", "1 of 3 backends gets hardly any picks though usable (10.0.0.2)"},
		{"one gets nothing, one little", open(with(with(even(9), 1, gets(0)), 2, gets(2))...), "warn",
			"2 of 9 backends get hardly any picks though usable (10.0.0.2, 10.0.0.3)"},
		{"one gets too much", open(with(even(9), 1, gets(200))...), "warn", "10.0.0.2 gets 3.0 times its equal share"},
		{"one came and gets too much", open(with(even(9), 1, cameUp(30*time.Second), getsNow(300, 50))...), "warn", "10.0.0.2 gets 3.9 times its equal share"},
		{"one came, and few picks since", open(with(with(with(even(3), 0, gets(1)), 1, gets(1)), 2, gets(1), cameUp(30*time.Second))...), "ok", "all 3 usable, no errors"},
		{"one has just come", open(with(even(3), 1, gets(0), cameUp(time.Second))...), "ok", "all 3 usable, even, no errors"},
		{"one came and gets its share", open(with(even(3), 1, cameUp(30*time.Second), getsNow(50, 10))...), "ok", "all 3 usable, even, no errors"},

		{"the resolver fails", failingResolver(open(even(3)...)), "warn", "the resolver has been failing for 2 min"},
		{"the resolver fails from the start", failingResolver(open()), "bad", "no backend: the resolver has been failing for 2 min"},
		{"the resolver fails again and again", failingAgain(open(even(3)...)), "warn", "the resolver has been failing for 1 h"},
		{"the resolver works again", resolved(failingResolver(open(even(3)...))), "ok", "all 3 usable, even, no errors"},
		{"no backend", channelIn(failure), "bad", "no backend"},
		{"starting without one", channelIn(connecting), "warn", "no backend yet: the channel is connecting"},
		{"idle", channelIn(idle), "idle", "idle: nothing has asked for a connection"},
		{"idle with a backend", open(with(even(1), 0, is(idle))...), "idle", "idle: nothing has asked for a connection"},
		{"closed", livestatus.Status{}, "idle", "closed: no channel uses it now"},
		{"hostile name", open(append(even(1), statustest.Refused("a\u202eb", nil))...), "warn", `1 of 2 backends down for 1 h (a\u202eb)`},
	}
	for _, tt := range tests {
		got := diagnose(tt.status).Sentence()
		if got.String() != tt.want || got.Severity.String() != tt.severity {
			t.Errorf("%s:\n%s %q, want\n%s %q", tt.situation, got.Severity, got, tt.severity, tt.want)
		}
	}
}
