//go:build race

package metrics_test

// raceEnabled says that the race detector is on. It makes sync.Pool drop objects at
// random, so tests cannot count allocations.
const raceEnabled = true
