package builtinnames_test

import (
	"context"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func init() {
	balancer.Register(metrics.Default().Instrument(renamed{pickfirst2.NewBuilder().(parsing), pickfirst.Name}))
	balancer.Register(metrics.Default().Instrument(renamed{roundrobin2.NewBuilder().(parsing), roundrobin.Name}))
}

// renamed is a builder under another name. It embeds the interface of the config
// parser, so that the parser stays visible.
type renamed struct {
	parsing
	name string
}

type parsing interface {
	balancer.Builder
	balancer.ConfigParser
}

func (r renamed) Name() string { return r.name }

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dial makes a channel with a service config. Without one gRPC would use its own
// pick_first, which it looks up before a program can register another. The client
// reads the series of policy, which must be the one that has the connections.
func dial(t *testing.T, policy, config string, to channeltest.Servers) *channeltest.Client {
	t.Helper()
	return channeltest.Dial(t, policy, to, grpc.WithDefaultServiceConfig(config))
}

// checkKilledServerIsLeftOut kills server i and starts it again. RPCs must go to all
// other servers while it is down, and then to all.
func checkKilledServerIsLeftOut(ctx context.Context, c *channeltest.Client, all channeltest.Servers, i int) {
	others := slices.Delete(all.Addrs(), i, i+1)
	all[i].Kill()
	c.CallUntilReached(ctx, 60, others...)
	all[i].Start()
	c.CallUntilReached(ctx, 60, all.Addrs()...)
}
