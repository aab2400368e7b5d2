package scenario

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/exampleresolver"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/metricsview"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/policy"
)

const message = "this is examples/load_balancing"

// channel is a gRPC channel to all backends, with a policy of its own.
type channel struct {
	policy   policy.Policy
	meter    meter
	resolver *exampleresolver.Resolver
	conn     *grpc.ClientConn
	echo     echo.EchoClient
	ended    tally
}

// channels has one channel for each policy, in the order of -policies.
type channels []channel

func (f *flags) openChannels(target string, m meter) (channels, error) {
	creds, err := f.clientCredentials()
	if err != nil {
		return nil, err
	}
	var opened channels
	for _, p := range f.policies {
		named := exampleresolver.New(f.resolved(f.backends))
		conn, err := grpc.NewClient(target,
			grpc.WithTransportCredentials(creds),
			grpc.WithDefaultServiceConfig(p.ServiceConfig),
			grpc.WithResolvers(named),
			grpc.WithNoProxy(), // the servers are here, whatever HTTPS_PROXY says
		)
		if err != nil {
			opened.close()
			return nil, usageError{fmt.Errorf("-policies: %w", err)} // the service config is all that can be wrong
		}
		opened = append(opened, channel{
			policy: p, meter: m, resolver: named,
			conn: conn, echo: echo.NewEchoClient(conn), ended: make(tally),
		})
	}
	return opened, nil
}

// resolved returns what the channels' resolvers say of the backends.
func (f *flags) resolved(backends []backend.Backend) resolver.State {
	return exampleresolver.State(backends, exampleresolver.Options{
		ChannelName: f.serverName == nameOfChannel,
		DialNames:   f.dialNames,
	})
}

func (cs channels) close() {
	for _, c := range cs {
		c.conn.Close() // fails only where it was closed before
	}
}

// target returns the value of the label grpc_target, which all channels share.
func (cs channels) target() string { return cs[0].conn.CanonicalTarget() }

func (cs channels) policies() []string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.policy.Name
	}
	return names
}

// greet sends n RPCs and prints the answers. The first failure ends it; it is
// printed too, unless ctx is done.
func (c channel) greet(ctx context.Context, env Env, n int, timeout time.Duration) error {
	fmt.Fprintf(env.Stdout, "--- calling helloworld.Greeter/SayHello with %s ---\n", c.policy.Name)
	c.settle(ctx, timeout)
	for range n {
		answer, err := c.call(ctx, timeout)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %w", ctx.Err())
		}
		if err != nil {
			fmt.Fprintf(env.Stderr, "could not greet: %v\n", err)
			return errReported
		}
		fmt.Fprintln(env.Stdout, answer)
	}
	return nil
}

// call sends one RPC. One goroutine at a time may do so.
func (c channel) call(ctx context.Context, timeout time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	response, err := c.echo.UnaryEcho(ctx, &echo.EchoRequest{Message: message})
	c.ended[status.Code(err)]++
	return response.GetMessage(), err
}

// settle connects the channel and waits until its policy has connected where it
// can, for no longer than timeout. The RPCs would work without: they wait for
// the first connection only, and whoever looks at the answers would have to
// guess why a server is missing at first.
func (c channel) settle(ctx context.Context, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c.conn.Connect()
	for state := c.conn.GetState(); state != connectivity.Ready && state != connectivity.TransientFailure; state = c.conn.GetState() {
		if !c.conn.WaitForStateChange(ctx, state) {
			return
		}
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	// A connection is counted a moment before the policy makes use of it.
	// Seeing the same twice leaves it that moment.
	for seen := 0; seen < 2; {
		view, err := metricsview.Gather(c.meter.gatherer, c.conn.CanonicalTarget())
		settled, metered := view.Settled(c.policy.Name)
		if err != nil || !metered {
			return
		}
		if settled {
			seen++
		} else {
			seen = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
