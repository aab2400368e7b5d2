//go:build !race

package conformance_test

const randomScripts = 5000
