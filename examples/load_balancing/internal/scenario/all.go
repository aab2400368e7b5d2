package scenario

import (
	"context"
	"fmt"
	"net"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/echoserver"
)

// RunAll runs the servers and the client in one process. It is a [Program].
func RunAll(ctx context.Context, env Env) int {
	return exit(env, "load_balancing", runAll(ctx, env))
}

func runAll(ctx context.Context, env Env) error {
	var f flags
	set := f.newFlagSet("load_balancing", "Runs echo servers and calls them with each policy, all in one process.")
	f.addClientFlags(set)
	if err := f.parse(set, env); err != nil {
		return err
	}
	serverCreds, err := f.serverCredentials()
	if err != nil {
		return err
	}
	config := echoserver.Config{Backends: f.backends, Credentials: serverCreds}
	if !f.given["backends"] {
		config.Listen = func(addr string) (net.Listener, error) { return listenAnywhere(env, addr) }
	}
	group, err := echoserver.Listen(config)
	if err != nil {
		return err
	}
	f.backends = group.Backends()

	// The servers outlive ctx, so that the client ends before they do.
	serverCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- group.Run(serverCtx) }()
	err = f.call(ctx, env)
	stop()
	if serverErr := <-stopped; serverErr != nil {
		return serverErr // the reason of whatever the client saw
	}
	return err
}

// listenAnywhere takes another port where the one of addr is not free, which
// does no harm while nobody asked for it.
func listenAnywhere(env Env, addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err == nil {
		return listener, nil
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return nil, splitErr
	}
	anywhere, anywhereErr := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if anywhereErr != nil {
		return nil, anywhereErr
	}
	fmt.Fprintf(env.Stderr, "%v; using %s instead\n", err, anywhere.Addr())
	return anywhere, nil
}
