//go:build !race

package programs

var raceFlag []string
