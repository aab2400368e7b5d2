package balancertest

import (
	"testing"

	"google.golang.org/grpc/balancer"
)

// Demands returns, by name, the functions that check the demands of Check. Call
// them in a bubble.
func Demands() map[string]func(testing.TB, balancer.Builder) {
	all := make(map[string]func(testing.TB, balancer.Builder))
	for _, d := range demands() {
		all[d.name] = d.run
	}
	return all
}

// UnknownException returns the error with which Check refuses an unknown exception.
func UnknownException(exceptions ...Exception) error { return unknownException(exceptions) }
