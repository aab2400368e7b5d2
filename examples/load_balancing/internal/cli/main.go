// Package cli has the command line of this example's three programs: their flags,
// messages and exit statuses.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/grpc-balancer2/balancer2/examples/internal/program"
)

// Exit statuses.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// Program is one of the three programs.
type Program struct {
	name    string // its folder in examples
	summary string
	client  bool // has the client's flags
	remote  bool // its servers run elsewhere
}

// The programs.
var (
	AllInOne = Program{name: "load_balancing", client: true,
		summary: "Runs echo servers and calls them with each policy, all in one process."}
	Client = Program{name: "load_balancing/client", client: true, remote: true,
		summary: "Calls the echo servers with each policy and shows who answered."}
	Server = Program{name: "load_balancing/server",
		summary: "Runs echo servers, one for each backend."}
)

// ErrReported is the error of a program that has already printed its failure.
var ErrReported = errors.New("reported")

// UsageError is a mistake on the command line.
type UsageError struct{ error }

// NewUsageError makes a usage error of err.
func NewUsageError(err error) UsageError { return UsageError{err} }

// Main runs a program and exits with its exit status. The first SIGINT or SIGTERM
// cancels the context of run. The second one ends the process.
func Main(p Program, run func(context.Context, *Flags) error) {
	ctx := program.Context()
	os.Exit(p.run(os.Args[1:], os.Stdout, os.Stderr, func(f *Flags) error { return run(ctx, f) }))
}

// run reads the flags and calls do. It prints the error and returns the exit
// status.
func (p Program) run(args []string, stdout, stderr io.Writer, do func(*Flags) error) int {
	flags, err := p.parse(args, stdout)
	if err == nil {
		err = do(flags)
	}
	_, isUsage := errors.AsType[UsageError](err)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case isUsage:
		fmt.Fprintf(stderr, "%s: %v\nThe flag -h lists all flags.\n", p.name, err)
		return exitUsage
	case !errors.Is(err, ErrReported):
		fmt.Fprintf(stderr, "%s: %v\n", p.name, err)
	}
	return exitFailed
}
