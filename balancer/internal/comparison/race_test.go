//go:build race

package comparison_test

// raceEnabled is true under the race detector, which makes sync.Pool drop some of its
// objects. Allocations then cannot be counted.
const raceEnabled = true
