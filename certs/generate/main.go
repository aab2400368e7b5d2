// Command generate makes a new set of test certificates: a CA, and a certificate with
// its private key for each of member1, member2 and member3.etcd.local. It does not keep
// the CA's private key.
//
//	go run ./certs/generate            # replaces the set in ./certs
//	go run ./certs/generate -out DIR   # makes another set, for the examples' -certs
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const domain = "etcd.local"

var members = []string{"member1." + domain, "member2." + domain, "member3." + domain}

func main() {
	flags, out := newFlags()
	_ = flags.Parse(os.Args[1:]) // exits in place of an error
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "generate: unexpected argument %q: the directory is given with -out\n", flags.Arg(0))
		os.Exit(2)
	}
	if err := run(*out, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// newFlags returns the flags, and where the value of -out will be. Their help names the
// command, not the path in the build cache that go run gives to the program.
func newFlags() (flags *flag.FlagSet, out *string) {
	flags = flag.NewFlagSet("generate", flag.ExitOnError)
	out = flags.String("out", "certs", "existing or new `directory` to write ca.crt, NAME.crt and NAME.key to")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), "Usage: go run ./certs/generate [flags]\n\n")
		flags.PrintDefaults()
	}
	return flags, out
}

// run makes all files before it writes any. So a failure to make one does not leave a
// mix of old and new files.
func run(out string, log io.Writer) error {
	files, err := newSet()
	if err != nil {
		return fmt.Errorf("generate: make certificates: %w", err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("generate: make directory: %w", err)
	}
	for _, file := range files {
		path := filepath.Join(out, file.name)
		if err := os.WriteFile(path, file.data, file.mode); err != nil {
			return fmt.Errorf("generate: write %s: %w", file.name, err)
		}
		fmt.Fprintln(log, path)
	}
	return nil
}
