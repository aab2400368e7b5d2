package balancertest

import (
	"testing"

	"google.golang.org/grpc/balancer"
)

// Demands returns what Check demands: the names, and how to check each, in a
// bubble.
func Demands() map[string]func(testing.TB, balancer.Builder) {
	all := make(map[string]func(testing.TB, balancer.Builder))
	for _, d := range demands() {
		all[d.name] = d.on
	}
	return all
}

// UnknownException returns what Check fails with if it is given an exception that
// there is not.
func UnknownException(exceptions ...Exception) error { return unknownException(exceptions) }
