package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/grpc-balancer2/balancer2/examples/internal/program"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
)

// parse parses the command line, and reads the file of -backends-file. With -h it
// prints the help to stdout and returns [flag.ErrHelp].
func (p Program) parse(args []string, stdout io.Writer) (*Flags, error) {
	f := &Flags{given: make(map[string]bool)}
	set := f.newFlagSet(p)
	set.Usage = func() {}
	set.SetOutput(io.Discard) // run prints the errors
	err := set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		set.SetOutput(stdout)
		fmt.Fprintf(stdout, "%s\n\nUsage: go run ./examples/%s [flags]\n\n", p.summary, p.name)
		set.PrintDefaults()
		return nil, err
	case err != nil:
		return nil, UsageError{program.WithUnit(set, err)}
	case set.NArg() > 0:
		return nil, UsageError{fmt.Errorf("unexpected argument %q: everything is given by flags", set.Arg(0))}
	}
	set.Visit(func(given *flag.Flag) { f.given[given.Name] = true })
	if err := f.check(); err != nil {
		return nil, err
	}
	if p.remote {
		if err := f.readBackends(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// readBackends reads the servers from -backends-file, if the flag is given.
func (f *Flags) readBackends() error {
	if f.BackendsFile == "" {
		if err := backend.CheckPorts(f.Backends); err != nil {
			return UsageError{fmt.Errorf("-backends: %w", err)}
		}
		return nil
	}
	backends, err := backend.ReadFile(f.BackendsFile)
	if err != nil {
		return fmt.Errorf("-backends-file: %w", err)
	}
	f.Backends = backends
	return nil
}

// list is a flag.Value that is parsed by a function.
type list[T any] struct {
	text   string
	values *[]T
	parse  func(string) ([]T, error)
}

func newList[T any](values *[]T, text string, parse func(string) ([]T, error)) *list[T] {
	l := &list[T]{values: values, parse: parse}
	if err := l.Set(text); err != nil {
		panic(err) // the default value is wrong
	}
	return l
}

func (l *list[T]) String() string { return l.text }

func (l *list[T]) Set(text string) error {
	values, err := l.parse(text)
	if err != nil {
		return err
	}
	l.text, *l.values = text, values
	return nil
}
