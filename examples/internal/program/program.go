// Package program has what the main functions of all examples share.
package program

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Program is an example's program. Its flags are those of package flag.
type Program struct {
	Name    string // of its folder, which begins its errors
	Summary string // one sentence for -h
	Command string // that runs it from the root of the repository, without flags
}

// Context returns a context that the first SIGINT or SIGTERM cancels. The second
// signal ends the process.
func Context() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}

// Main parses the command line and runs the example. If it fails, Main prints the
// example's name and the error, and exits with status 1; a mistake on the command line
// is status 2. It does not print the error of an interrupted run.
func (p Program) Main(run func(context.Context) error) {
	if status, ended := p.parse(flag.CommandLine, os.Args[1:], os.Stdout, os.Stderr); ended {
		os.Exit(status)
	}
	ctx := Context()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
		os.Exit(1)
	}
}
