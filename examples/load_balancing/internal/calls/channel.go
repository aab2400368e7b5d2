package calls

import (
	"context"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/cli"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/exampleresolver"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/policy"
)

// Target is the target of all channels.
const Target = exampleresolver.Scheme + ":///lb.example.grpc.io"

const message = "this is examples/load_balancing"

// Options are the options of a channel, from the flags.
type Options struct {
	Servers       []backend.Backend // for the resolver
	ServiceConfig string            // JSON that selects the policy
	Credentials   credentials.TransportCredentials
}

// Dial makes a channel. It also returns the channel's resolver.
type Dial func(Options) (*grpc.ClientConn, *exampleresolver.Resolver, error)

// channel is a gRPC channel to all servers, with one policy.
type channel struct {
	policy   policy.Policy
	meter    meter
	resolver *exampleresolver.Resolver
	conn     *grpc.ClientConn
	echo     echo.EchoClient
	ended    *load.Tally // of the RPCs, by the server's answer
}

// channels has one channel for each policy, in the order of -policies.
type channels []channel

func open(flags *cli.Flags, m meter, dial Dial) (channels, error) {
	creds, err := flags.ClientCredentials()
	if err != nil {
		return nil, err
	}
	var opened channels
	for _, p := range flags.Policies {
		conn, resolver, err := dial(Options{
			Servers:       flags.Announced(flags.Backends),
			ServiceConfig: p.ServiceConfig,
			Credentials:   creds,
		})
		if err != nil {
			opened.close()
			return nil, cli.NewUsageError(fmt.Errorf("-policies: %w", err)) // only the service config can be wrong
		}
		opened = append(opened, channel{
			policy: p, meter: m, resolver: resolver,
			conn: conn, echo: echo.NewEchoClient(conn), ended: new(load.Tally),
		})
	}
	return opened, nil
}

func (cs channels) close() {
	for _, c := range cs {
		c.conn.Close() // fails only if it is closed already
	}
}

// target returns the label grpc_target, which is the same for all channels.
func (cs channels) target() string { return cs[0].conn.CanonicalTarget() }

func (cs channels) policies() []string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.policy.Name
	}
	return names
}

// printTallies prints how the RPCs of each channel ended.
func (cs channels) printTallies() {
	fmt.Print("\n--- how the RPCs ended ---\n")
	for _, c := range cs {
		fmt.Printf("%s: %s\n", c.policy.Name, c.ended.Counts())
	}
}

// greet sends n RPCs and prints the answers. It stops at the first failure, and
// prints it unless ctx is done.
func (c channel) greet(ctx context.Context, n int, timeout time.Duration) error {
	fmt.Printf("--- calling helloworld.Greeter/SayHello with %s ---\n", c.policy.Name)
	c.settle(ctx, timeout)
	for range n {
		answer, err := c.call(ctx, timeout)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %w", ctx.Err())
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "could not greet: %v\n", err)
			return cli.ErrReported
		}
		fmt.Println(answer)
	}
	return nil
}

// call sends one RPC and returns the answer.
func (c channel) call(ctx context.Context, timeout time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	response, err := c.echo.UnaryEcho(ctx, &echo.EchoRequest{Message: message})
	c.ended.Add(response.GetMessage(), err)
	return response.GetMessage(), err
}
