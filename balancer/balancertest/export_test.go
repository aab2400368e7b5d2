package balancertest

import (
	"testing"

	"google.golang.org/grpc/balancer"
)

// Demands returns, by name, the functions that check the demands of Check. Call
// them in a bubble.
func Demands() map[string]func(testing.TB, balancer.Builder, ...CheckOption) {
	all := make(map[string]func(testing.TB, balancer.Builder, ...CheckOption))
	for _, d := range demands() {
		all[d.name] = func(tb testing.TB, b balancer.Builder, opts ...CheckOption) {
			options, err := newCheckOptions(b, opts)
			if err != nil {
				tb.Fatal(err)
			}
			d.run(tb, b, options)
		}
	}
	return all
}

// BadOption returns the error with which Check refuses an option.
func BadOption(b balancer.Builder, opts ...CheckOption) error {
	_, err := newCheckOptions(b, opts)
	return err
}
