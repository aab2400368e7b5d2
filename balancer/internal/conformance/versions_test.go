package conformance_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"
)

// since lists the intended differences that not every supported grpc-go has, with the
// release that brought each: 84 is v1.84.0. Without a difference, the policies must be
// the same.
var since = map[difference]int{
	// v1.84.0 rewrote endpointsharding. Since then its ExitIdle reports the aggregate
	// of the endpoints, also if there are none.
	failsBeforeEndpoints: 84,
}

type difference string

// On an ExitIdle before the first resolver update, grpc-go's round_robin reports
// TRANSIENT_FAILURE, because it has no endpoints. RPCs that should wait for the
// resolver then fail. round_robin2 does nothing.
const failsBeforeEndpoints difference = "fails before endpoints"

// present reports whether the grpc-go of this build has the difference.
func (d difference) present() bool {
	var minor int
	if _, err := fmt.Sscanf(grpc.Version, "1.%d.", &minor); err != nil {
		panic("conformance: parse the version of grpc-go " + grpc.Version + ": " + err.Error())
	}
	return minor >= since[d]
}

// mayExitIdle reports whether the two policies can be compared after ExitIdle.
func (s *side) mayExitIdle() bool {
	return s.name != roundrobin.Name || len(s.cc.States()) > 0 || !failsBeforeEndpoints.present()
}

// TestGRPCsRoundRobinFailsEarly shows the difference that is the reason for
// mayExitIdle.
func TestGRPCsRoundRobinFailsEarly(t *testing.T) {
	t.Parallel()
	want := connectivity.Connecting
	if failsBeforeEndpoints.present() {
		want = connectivity.TransientFailure
	}
	synctest.Test(t, func(t *testing.T) {
		c := newComparison(t, pairs[1], false)
		defer c.close()
		for _, x := range []*side{c.theirs, c.ours} {
			x.policy.ExitIdle()
		}
		theirs, ours := c.theirs.cc.State().ConnectivityState, c.ours.cc.State().ConnectivityState
		if theirs != want || ours != connectivity.Connecting {
			t.Errorf("after ExitIdle before any update: grpc-go %s %v, balancer2 %v, want %v and CONNECTING", grpc.Version, theirs, ours, want)
		}
	})
}
