package scenario

import (
	"context"
	"fmt"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/echoserver"
)

// RunServer runs the servers, all in one process, until ctx is done. It is a
// [Program].
func RunServer(ctx context.Context, env Env) int {
	return exit(env, "load_balancing/server", runServer(ctx, env))
}

func runServer(ctx context.Context, env Env) error {
	var f flags
	set := f.newFlagSet("load_balancing/server", "Runs echo servers, one for each backend.")
	if err := f.parse(set, env); err != nil {
		return err
	}
	serverCreds, err := f.serverCredentials()
	if err != nil {
		return err
	}
	group, err := echoserver.Listen(echoserver.Config{Backends: f.backends, Credentials: serverCreds})
	if err != nil {
		return err
	}
	for _, b := range group.Backends() {
		fmt.Fprintf(env.Stdout, "serving %s\n", b)
	}
	return group.Run(ctx)
}

// certificates returns the set that -certs chooses.
func (f *flags) certificates() (certs.Set, error) {
	if f.certs == "" {
		return certs.Embedded(), nil
	}
	return certs.Dir(f.certs)
}

// serverCredentials returns what gives each server its identity, by name.
func (f *flags) serverCredentials() (func(name string) (credentials.TransportCredentials, error), error) {
	if f.plaintext {
		return func(string) (credentials.TransportCredentials, error) {
			return insecure.NewCredentials(), nil
		}, nil
	}
	set, err := f.certificates()
	if err != nil {
		return nil, err
	}
	return func(name string) (credentials.TransportCredentials, error) {
		config, err := set.ServerConfig(name)
		if err != nil {
			return nil, err
		}
		return credentials.NewTLS(config), nil
	}, nil
}
