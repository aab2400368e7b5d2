package weightedroundrobin

import (
	"math"
	"testing"
	"time"
)

// The values are those of Envoy's formula.
func TestTheWeightGrowsByEnvoysFormula(t *testing.T) {
	t.Parallel()
	tests := []struct {
		config slowStart
		age    time.Duration
		want   float64
	}{
		{slowStart{}, 0, 1},
		{slowStart{WindowSeconds: 1}, 0, 1},
		{slowStart{WindowSeconds: 100}, 0, .1},
		{slowStart{WindowSeconds: 100}, 10 * time.Second, .1},
		{slowStart{WindowSeconds: 100}, 11 * time.Second, .11},
		{slowStart{WindowSeconds: 100}, 99 * time.Second, .99},
		{slowStart{WindowSeconds: 100}, 100 * time.Second, 1},
		{slowStart{WindowSeconds: 100}, time.Hour, 1},
		{slowStart{WindowSeconds: 4}, 0, .25}, // the first second counts as a whole one
		{slowStart{WindowSeconds: 4}, 1500 * time.Millisecond, .375},
		{slowStart{WindowSeconds: 100, Aggression: 2}, 25 * time.Second, .5},
		{slowStart{WindowSeconds: 100, Aggression: .5}, 50 * time.Second, .25},
		{slowStart{WindowSeconds: 100, MinWeightPercent: 40}, 39 * time.Second, .4},
		{slowStart{WindowSeconds: 100, MinWeightPercent: 100}, 0, 1},
	}
	for _, test := range tests {
		if got := test.config.withDefaults().factor(test.age); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%+v: factor %v at the age of %v, want %v", test.config, got, test.age, test.want)
		}
	}
}

func TestWeightsChangeTwentyTimesButNotLessThanOnceAMinute(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[float64]time.Duration{2: 100 * time.Millisecond, 60: 3 * time.Second, 3600: time.Minute, 1e300: time.Minute} {
		if got := (slowStart{WindowSeconds: seconds}).step(); got != want {
			t.Errorf("window of %v s: step %v, want %v", seconds, got, want)
		}
	}
}
