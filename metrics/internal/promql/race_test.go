//go:build race

package promql_test

// raceEnabled says that the race detector is on. Under it Prometheus's engine takes
// many minutes to evaluate the rules over hours.
const raceEnabled = true
