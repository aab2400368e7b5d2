package scenario

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/policy"
)

const (
	defaultBackends = "member1.etcd.local=127.0.0.1:50051,member2.etcd.local=127.0.0.1:50052"
	defaultPolicies = "pick_first2,round_robin2"
)

// Values of -server-name.
const (
	nameOfAddress = "address"
	nameOfChannel = "channel"
)

// flags are those of all three programs; the server's are the first group.
type flags struct {
	backends  []backend.Backend
	certs     string
	plaintext bool

	policies     []policy.Policy
	n            int
	timeout      time.Duration
	serverName   string
	dialNames    bool
	ca           string
	backendsFile string
	keep         bool
	rate         float64
	metricsAddr  string
	retention    time.Duration
	linger       time.Duration

	given map[string]bool // names of the flags on the command line
}

// newFlagSet returns a flag set with the flags that servers and client share.
func (f *flags) newFlagSet(program, summary string) *flag.FlagSet {
	set := flag.NewFlagSet(program, flag.ContinueOnError)
	set.Usage = func() {
		fmt.Fprintf(set.Output(), "%s\n\nUsage: go run ./examples/%s [flags]\n\n", summary, program)
		set.PrintDefaults()
	}
	set.Var(newList(&f.backends, defaultBackends, backend.Parse), "backends",
		"servers, as `NAME=HOST:PORT,...`; each has the certificate of its name")
	set.StringVar(&f.certs, "certs", "",
		"`directory` of certificates to use in place of the embedded ones: ca.crt, NAME.crt, NAME.key")
	set.BoolVar(&f.plaintext, "plaintext", false, "no TLS")
	return set
}

// addClientFlags adds what programs with a client have in addition.
func (f *flags) addClientFlags(set *flag.FlagSet) {
	set.Var(newList(&f.policies, defaultPolicies, policy.Parse), "policies",
		"load-balancing `policies` to try, with commas between: names, or whole service configs in JSON")
	set.IntVar(&f.n, "n", 10, "`number` of RPCs with each policy")
	set.DurationVar(&f.timeout, "timeout", time.Second, "`time` that one RPC may take")
	set.StringVar(&f.serverName, "server-name", nameOfAddress,
		"`name` that a server must prove by its certificate: its own (address), or that of the channel (channel), which fails")
	set.BoolVar(&f.dialNames, "dial-names", false,
		"dial the servers' names, not their addresses; the system must know the names, from /etc/hosts for example")
	set.BoolVar(&f.keep, "keep", false, "go on sending RPCs, and serve /metrics and /debug/lb, until interrupted")
	set.Float64Var(&f.rate, "rate", 20, "`number` of RPCs per second with each policy, with -keep")
	set.StringVar(&f.metricsAddr, "metrics-addr", "127.0.0.1:9464",
		"`address` to serve /metrics and /debug/lb on, with -keep; port 0 takes any free one; whoever can connect sees the servers' addresses")
	set.DurationVar(&f.retention, "retention", 5*time.Minute,
		"`time` that the series of a server stay on /metrics when it is used no more, with -keep")
	set.DurationVar(&f.linger, "linger", 0,
		"`time` to go on serving /metrics once interrupted, with -keep, so that Prometheus scrapes the last counts; a second interrupt ends it")
}

// addClientOnlyFlags adds what the program with the client alone has.
func (f *flags) addClientOnlyFlags(set *flag.FlagSet) {
	set.StringVar(&f.ca, "ca", "", "`file` of the CA that signed the servers' certificates, in place of the embedded one")
	set.StringVar(&f.backendsFile, "backends-file", "",
		fmt.Sprintf("`file` to read the servers from in place of -backends, one NAME=HOST:PORT on each line; "+
			"with -keep it is read again every %v, and what has changed takes effect; replace it (mv) rather than write to it", backend.PollInterval))
}

// parse reads the command line. Its errors are usage errors, or flag.ErrHelp
// once the help is printed.
func (f *flags) parse(set *flag.FlagSet, env Env) error {
	usage := set.Usage
	set.Usage = func() {}
	set.SetOutput(io.Discard) // errors are printed by the caller
	err := set.Parse(env.Args)
	if errors.Is(err, flag.ErrHelp) {
		set.SetOutput(env.Stdout)
		usage()
		return err
	}
	if err != nil {
		return usageError{err}
	}
	if set.NArg() > 0 {
		return usageError{fmt.Errorf("unexpected argument %q: everything is given by flags", set.Arg(0))}
	}
	f.given = make(map[string]bool)
	set.Visit(func(given *flag.Flag) { f.given[given.Name] = true })
	return f.check()
}

// list is a flag.Value that is read by a parse function.
type list[T any] struct {
	text   string
	values *[]T
	parse  func(string) ([]T, error)
}

func newList[T any](values *[]T, text string, parse func(string) ([]T, error)) *list[T] {
	l := &list[T]{values: values, parse: parse}
	if err := l.Set(text); err != nil {
		panic(err) // a default value is wrong
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
