package program

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// Exit statuses that end a program before its work starts.
const (
	exitHelp  = 0
	exitUsage = 2
)

// parse parses the arguments. It tells the exit status if the program must end: after
// -h, which writes the flags to stdout, or because of a mistake, which goes to stderr.
// Package flag alone would name the program by its path in the build cache, and would
// let arguments pass that nobody reads.
func (p Program) parse(set *flag.FlagSet, args []string, stdout, stderr io.Writer) (status int, ended bool) {
	set.Init(p.Name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	err := set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		p.help(set, stdout)
		return exitHelp, true
	case err == nil && set.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: everything is given by flags", set.Arg(0))
	case err != nil:
		err = WithUnit(set, err)
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\nThe flag -h lists all flags.\n", p.Name, err)
		return exitUsage, true
	}
	return 0, false
}

// help writes what -h shows.
func (p Program) help(set *flag.FlagSet, stdout io.Writer) {
	fmt.Fprintf(stdout, "%s\n\nUsage: %s [flags]\n\n", p.Summary, p.Command)
	set.SetOutput(stdout)
	set.PrintDefaults()
	none := true
	set.VisitAll(func(*flag.Flag) { none = false })
	if none {
		fmt.Fprintln(stdout, "It has no flags.")
	}
}

// WithUnit adds to the set's error for a time without a unit, such as 1, what is
// missing: package flag says no more than "parse error". It returns other errors
// unchanged.
func WithUnit(set *flag.FlagSet, err error) error {
	set.VisitAll(func(f *flag.Flag) {
		getter, _ := f.Value.(flag.Getter)
		if getter == nil {
			return
		}
		if _, isTime := getter.Get().(time.Duration); isTime && strings.HasSuffix(err.Error(), " for flag -"+f.Name+": parse error") {
			err = fmt.Errorf("%w: give a time with its unit, such as 500ms, 1s or 5m", err)
		}
	})
	return err
}
