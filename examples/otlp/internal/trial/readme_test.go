package trial_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

// numBackends is how many servers a trial has.
const numBackends = 3

// README.md shows the output of a run. A new metric changes these numbers.
func TestREADMEShowsAsManyPointsAsArrive(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	e := afterRPCs(t, open(t))
	for pattern, want := range map[string]int{
		`(?m)^--- what has arrived: (\d+) points `:          len(e.Arrived),
		`(?m)^0 of (\d+) series differ in type`:             len(e.Registry),
		`(?m)^0 of (\d+) families have a unit$`:             len(e.Arrived.Families()),
		`(?m)^grpc_lb_picks_total .* (\d+) +\d\d:\d\d:\d\d`: numBackends,
	} {
		found := regexp.MustCompile(pattern).FindSubmatch(readme)
		if found == nil {
			t.Errorf("README.md has nothing like %s", pattern)
			continue
		}
		if got := string(found[1]); got != strconv.Itoa(want) {
			t.Errorf("README.md says %q, want %d", found[0], want)
		}
	}
}
