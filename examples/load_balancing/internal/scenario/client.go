package scenario

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/metricsview"
)

// RunClient calls servers that run elsewhere. It is a [Program].
func RunClient(ctx context.Context, env Env) int {
	return exit(env, "load_balancing/client", runClient(ctx, env))
}

func runClient(ctx context.Context, env Env) error {
	var f flags
	set := f.newFlagSet("load_balancing/client", "Calls the echo servers with each policy and shows who answered.")
	f.addClientFlags(set)
	f.addClientOnlyFlags(set)
	if err := f.parse(set, env); err != nil {
		return err
	}
	if err := f.readBackends(); err != nil {
		return err
	}
	return f.call(ctx, env)
}

// call is what a client does: some RPCs with one policy after the other, what
// the metrics say of them, and with -keep the same on and on.
func (f *flags) call(ctx context.Context, env Env) error {
	if f.dialNames {
		if err := f.lookUpNames(ctx); err != nil {
			return err
		}
	}
	m := f.meter()
	channels, err := f.openChannels(env.Target, m)
	if err != nil {
		return err
	}
	defer channels.close()
	if f.keep {
		return f.callOn(ctx, env, m, channels)
	}
	if err := f.greetAll(ctx, env, channels); err != nil {
		return err
	}
	return printTable(env, m, channels)
}

// greetAll makes the first calls with each policy. It stops at the first one
// that fails, unless more is to follow anyway.
func (f *flags) greetAll(ctx context.Context, env Env, channels channels) error {
	var failure error
	for _, c := range channels {
		if err := c.greet(ctx, env, f.n, f.timeout); err != nil {
			failure = err
			if !f.keep || ctx.Err() != nil {
				break
			}
		}
	}
	return failure
}

// printTable prints what /metrics says of the channels.
func printTable(env Env, m meter, channels channels) error {
	view, err := metricsview.Gather(m.gatherer, channels.target())
	if err != nil {
		return err
	}
	fmt.Fprint(env.Stdout, "\n--- what /metrics says ---\n")
	return view.WriteTable(env.Stdout, channels.policies())
}

// clientCredentials returns what the client trusts.
func (f *flags) clientCredentials() (credentials.TransportCredentials, error) {
	if f.plaintext {
		return insecure.NewCredentials(), nil
	}
	config, err := f.clientConfig()
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(config), nil
}

func (f *flags) clientConfig() (*tls.Config, error) {
	if f.ca != "" {
		return certs.ClientConfig(f.ca)
	}
	set, err := f.certificates()
	if err != nil {
		return nil, err
	}
	return set.ClientConfig()
}

// lookUpNames finds out, before gRPC does in its longer words, that the system
// does not know a name.
func (f *flags) lookUpNames(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	for _, b := range f.backends {
		if _, err := net.DefaultResolver.LookupHost(ctx, b.Name); err != nil {
			return fmt.Errorf("-dial-names: %w; add the name to /etc/hosts, or leave the flag out", err)
		}
	}
	return nil
}
