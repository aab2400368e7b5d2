package waits_test

import (
	"maps"
	"testing"
	"testing/synctest"

	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// Each state of a wait with each event, as in the table in wait.go. The scripts are
// those of playRPC.
func TestWaitStates(t *testing.T) {
	t.Parallel()
	connecting := func(s string) map[waits.Reason]string { return map[waits.Reason]string{waits.Connecting: s} }
	mismatch := func(s string) map[waits.Reason]string { return map[waits.Reason]string{waits.StateMismatch: s} }
	failing := func(s string) map[waits.Reason]string { return map[waits.Reason]string{waits.PickerFailing: s} }
	tests := []struct {
		state, reach string                             // a script that leads to the state
		want         map[string]map[waits.Reason]string // by a script that goes on from there
	}{
		{"queued, no READY subchannel", "q", map[string]map[waits.Reason]string{
			// Another refusal, followed by an end.
			"q c": connecting("1 in 2s"), "q p c": connecting("1 in 2s"),
			"f c": connecting("1 in 1s"), "f p c": failing("1 in 2s"),
			// The ends.
			"p c": connecting("1 in 1s"), "s c": connecting("1 in 1s"), "d": connecting("1 in 1s"),
			"c": connecting("1 in 1s"), "x": connecting("1 in 1s"), "r q c": connecting("2 in 1s"), // the second attempt has overtaken the first
			// The attempt does not ask the next picker.
			"n c": connecting("1 in 0s"), "n d": connecting("1 in 0s"), "n p c": connecting("1 in 2s"),
			"n z c": connecting("1 in 0s"), "n z q p c": connecting("1 in 4s"), "n z z": connecting("1 in 0s"),
			"n z q n z p c": connecting("1 in 6s"),
		}},
		{"queued, subchannel not READY any more", "m", map[string]map[waits.Reason]string{
			"q c": mismatch("1 in 2s"), "q p c": mismatch("1 in 2s"),
			"f c": mismatch("1 in 1s"), "f p c": failing("1 in 2s"),
			"p c": mismatch("1 in 1s"), "s c": mismatch("1 in 1s"), "d": mismatch("1 in 1s"),
			"c": mismatch("1 in 1s"), "x": mismatch("1 in 1s"), "r m c": mismatch("2 in 2s"),
			"n c": mismatch("1 in 0s"), "n p c": mismatch("1 in 2s"), "n z z": mismatch("1 in 0s"),
		}},
		{"failedFirst", "f", map[string]map[waits.Reason]string{
			"q c": failing("1 in 2s"), "f c": failing("1 in 2s"), "q f c": failing("1 in 3s"),
			"p c": failing("1 in 1s"), "s c": failing("1 in 1s"), "d": failing("1 in 1s"),
			"c": nil, "x": nil, "r p c": nil,
			"n c": nil, "n d": nil, "n p c": failing("1 in 2s"),
			"n z c": nil, "n z q c": failing("1 in 4s"), "n z z": nil,
			// failFast: a deadline does not confirm the second attempt.
			"r f d": nil, "r f p c": failing("1 in 1s"),
		}},
		{"failedLater", "q f", map[string]map[waits.Reason]string{
			"q c": failing("1 in 3s"), "f c": failing("1 in 3s"), "q f c": failing("1 in 4s"),
			"p c": failing("1 in 2s"), "s c": failing("1 in 2s"), "d": failing("1 in 2s"),
			"c": connecting("1 in 1s"), "x": connecting("1 in 1s"), "r p c": connecting("1 in 1s"),
			"n c": connecting("1 in 1s"), "n d": connecting("1 in 1s"), "n p c": failing("1 in 3s"),
			"n z c": connecting("1 in 1s"), "n z q c": failing("1 in 5s"), "n z z": connecting("1 in 1s"),
			"r f d": connecting("1 in 1s"),
		}},
		{"failing", "f f", map[string]map[waits.Reason]string{
			"q c": failing("1 in 3s"), "f c": failing("1 in 3s"),
			"p c": failing("1 in 2s"), "s c": failing("1 in 2s"), "d": failing("1 in 2s"),
			"c": failing("1 in 2s"), "x": failing("1 in 2s"), "r p c": failing("1 in 2s"),
			"n c": failing("1 in 1s"), "n d": failing("1 in 1s"), "n p c": failing("1 in 3s"),
			"n z z": failing("1 in 1s"), "n z q c": failing("1 in 5s"),
			// Not failFast: the failure did not end the first attempt.
			"r f d": failing("2 in 3s"),
		}},
	}
	for _, tt := range tests {
		for then, want := range tt.want {
			t.Run(tt.state+"/"+tt.reach+" "+then, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					if got := playRPC(t, tt.reach+" "+then); !maps.Equal(got, want) {
						t.Errorf("waits %v, want %v", got, want)
					}
				})
			})
		}
	}
}
