package realchannel_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers the policies
	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var bothPolicies = []string{pickfirst2.Name, roundrobin2.Name}

var errResolver = errors.New("name server is down")

// forBothPolicies runs a subtest for each policy of this module, in parallel.
func forBothPolicies(t *testing.T, test func(ctx context.Context, t *testing.T, policy string)) {
	t.Helper()
	for _, policy := range bothPolicies {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			test(channeltest.Context(t), t, policy)
		})
	}
}

// wantNoFailures stops the load and fails the test if an RPC failed.
func wantNoFailures(t testing.TB, stop func() (sent int, failed []error)) {
	t.Helper()
	if sent, failed := stop(); len(failed) > 0 {
		t.Errorf("%d of %d RPCs failed; the last: %v", len(failed), sent, failed[len(failed)-1])
	}
}

// wantOnlyRPCsInFlightFailed stops the load, during which a server was killed. It
// fails the test if more RPCs failed than can have been in flight.
func wantOnlyRPCsInFlightFailed(t testing.TB, stop func() (sent int, failed []error)) {
	t.Helper()
	sent, failed := stop()
	if len(failed) > channeltest.Workers {
		t.Errorf("%d of %d RPCs failed, want at most the %d in flight on the killed server; the last: %v",
			len(failed), sent, channeltest.Workers, failed[len(failed)-1])
	}
	wantUnavailable(t, failed)
}

// wantUnavailable fails the test for each error that is not UNAVAILABLE.
func wantUnavailable(t testing.TB, errs []error) {
	t.Helper()
	for _, err := range errs {
		if status.Code(err) != codes.Unavailable {
			t.Errorf("RPC failed: %v, want Unavailable", err)
		}
	}
}
