package fallback_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
	"github.com/grpc-balancer2/balancer2/metrics"
)

var roundRobin = metrics.New() // meters grpc-go's round_robin

func init() { balancer.Register(roundRobin.Instrument(balancer.Get(roundrobin.Name))) }

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newClient(config string) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///backend:1",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return nil, errors.New("refused") }),
		grpc.WithDefaultServiceConfig(config))
}

func TestNothingImportsThePolicies(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"round_robin2", "pick_first2"} {
		if balancer.Get(name) != nil {
			t.Errorf("%s is registered: a package of this test imports it", name)
		}
	}
}

func TestWithoutTheImportTheNextOfTheListIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, err := newClient(lbconfig.ServiceConfig("round_robin2", roundrobin.Name))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.Connect()
		synctest.Wait()
		page, err := testutil.CollectAndFormat(roundRobin, expfmt.TypeTextPlain, "grpc_lb_policy_instances")
		if err != nil {
			t.Fatal(err)
		}
		const want = `grpc_lb_policy_instances{grpc_lb_policy="round_robin",grpc_target="passthrough:///backend:1"} 1`
		if !slices.Contains(strings.Split(string(page), "\n"), want) {
			t.Errorf("metrics:\n%s\nwant\n%s", page, want)
		}
	})
}

func TestWithoutTheImportAndAFallbackThereIsNoClient(t *testing.T) {
	t.Parallel()
	conn, err := newClient(lbconfig.ServiceConfig("round_robin2"))
	if err == nil {
		conn.Close()
		t.Fatal("NewClient succeeded, want an error")
	}
	for _, want := range []string{"no supported policies found in", "round_robin2"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want one with %q", err, want)
		}
	}
}
