// Package scenario is the documented scenario: TLS servers that each have a
// certificate for their own name only, and a client that calls them through one
// channel per load-balancing policy. Its three programs differ in what runs in
// the process: the servers, the client, or both.
package scenario

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// DefaultTarget is the name that the client's channels are made for.
const DefaultTarget = "example:///lb.example.grpc.io"

// Exit statuses of the programs.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// Env is what a program gets from its surroundings.
type Env struct {
	Args           []string // without the name of the program
	Stdout, Stderr io.Writer
	// Target stands in for DefaultTarget where several programs run in one
	// process: their metrics differ by it.
	Target string
}

// Program runs until it is done, or ctx is, and returns its exit status.
type Program func(ctx context.Context, env Env) int

// Main runs a program as the process's main function does, and exits. The first
// SIGINT or SIGTERM asks the program to end, the second ends it.
func Main(run Program) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, Env{Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Target: DefaultTarget}))
}

// usageError is a mistake on the command line.
type usageError struct{ error }

// errReported ends a program whose failure has been printed already.
var errReported = errors.New("reported")

// exit prints the error that ended a program and returns the exit status.
func exit(env Env, program string, err error) int {
	_, isUsage := errors.AsType[usageError](err)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case isUsage:
		fmt.Fprintf(env.Stderr, "%s: %v\nThe flag -h lists all flags.\n", program, err)
		return exitUsage
	case !errors.Is(err, errReported):
		fmt.Fprintf(env.Stderr, "%s: %v\n", program, err)
	}
	return exitFailed
}
