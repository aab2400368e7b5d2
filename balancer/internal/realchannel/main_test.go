package realchannel_test

import (
	"errors"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers the policies
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var bothPolicies = []string{pickfirst2.Name, roundrobin2.Name}

var errResolver = errors.New("name server is down")

// onlyUnavailable fails the test if any error is another.
func onlyUnavailable(t testing.TB, errs []error) {
	t.Helper()
	for _, err := range errs {
		if status.Code(err) != codes.Unavailable {
			t.Errorf("RPC failed: %v, want Unavailable", err)
		}
	}
}
