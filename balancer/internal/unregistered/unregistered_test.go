package unregistered_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"

	_ "github.com/grpc-balancer2/balancer2/balancer/base2" // the blank import is what is tested
	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// atStart is what the imports have registered under the policies' names: nil if nothing.
var atStart = map[string]balancer.Builder{
	pickfirst2.Name:  balancer.Get(pickfirst2.Name),
	roundrobin2.Name: balancer.Get(roundrobin2.Name),
}

// own meters the policies of this program.
var own, ownRegistry = metrics.New(), prometheus.NewRegistry()

func init() {
	ownRegistry.MustRegister(own)
	balancer.Register(own.Instrument(pickfirst2.NewBuilder()))
	balancer.Register(own.Instrument(roundrobin2.NewBuilder()))
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestImportsOfThePoliciesRegisterNothing(t *testing.T) {
	t.Parallel()
	for name, b := range atStart {
		if b != nil {
			t.Errorf("%s is registered: a package of this test registers it", name)
		}
	}
}

func TestAProgramWithMetricsOfItsOwnLeavesTheDefaultOnesAlone(t *testing.T) {
	t.Parallel()
	for policy, config := range map[string]string{
		pickfirst2.Name:  pickfirst2.ServiceConfig,
		roundrobin2.Name: roundrobin2.ServiceConfig,
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			c := channeltest.NewClient(t, "", "")
			c.Resolver.InitialState(channeltest.StartServers(t, 1).State())
			c.Connect(channeltest.WithTLS(t), grpc.WithDefaultServiceConfig(config))
			if _, err := c.Call(channeltest.Context(t), grpc.WaitForReady(true)); err != nil {
				t.Fatalf("RPC: %v", err)
			}
			if got := channeltest.RPCsBy(t, "grpc_lb_policy", ownRegistry, c.Conn)[policy]; got != 1 {
				t.Errorf("the program's metrics have %v RPCs of %s, want 1", got, policy)
			}
			families, err := prometheus.DefaultGatherer.Gather()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range families {
				if strings.HasPrefix(f.GetName(), "grpc_lb_") {
					t.Errorf("the default registry has %s", f.GetName())
				}
			}
		})
	}
}
