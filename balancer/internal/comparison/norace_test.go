//go:build !race

package comparison_test

const raceEnabled = false
