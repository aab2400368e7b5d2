//go:build race

package conformance_test

// randomScripts is few: a script runs in one goroutine at a time, so that there is little
// for the race detector to find, and with it each takes ten times as long.
const randomScripts = 500
