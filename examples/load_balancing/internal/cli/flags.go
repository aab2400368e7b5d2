package cli

import (
	"flag"
	"fmt"
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

// Flags are the values of a program's flags. The first group is for servers and
// clients, the second only for clients.
type Flags struct {
	Backends  []backend.Backend // for a client, also those of -backends-file
	certs     string
	plaintext bool

	Policies     []policy.Policy
	N            int
	Timeout      time.Duration
	serverName   string
	DialNames    bool
	ca           string
	BackendsFile string
	Keep         bool
	Rate         float64
	MetricsAddr  string
	Retention    time.Duration
	Linger       time.Duration

	given map[string]bool // names of the flags on the command line
}

// Given reports whether the flag is on the command line.
func (f *Flags) Given(name string) bool { return f.given[name] }

// newFlagSet returns a flag set with the flags of the program.
func (f *Flags) newFlagSet(p Program) *flag.FlagSet {
	set := flag.NewFlagSet(p.name, flag.ContinueOnError)
	f.addServerFlags(set)
	if p.client {
		f.addClientFlags(set)
	}
	if p.remote {
		f.addRemoteFlags(set)
	}
	return set
}

// addServerFlags adds the flags that all programs have.
func (f *Flags) addServerFlags(set *flag.FlagSet) {
	set.Var(newList(&f.Backends, defaultBackends, backend.Parse), "backends",
		"servers, as `NAME=HOST:PORT,...`; each has the certificate of its name")
	set.StringVar(&f.certs, "certs", "",
		"`directory` of certificates to use in place of the embedded ones: ca.crt, NAME.crt, NAME.key")
	set.BoolVar(&f.plaintext, "plaintext", false, "no TLS")
}

// addClientFlags adds the flags of programs with a client.
func (f *Flags) addClientFlags(set *flag.FlagSet) {
	set.Var(newList(&f.Policies, defaultPolicies, policy.Parse), "policies",
		"load-balancing `policies` to try, with commas between: names, or whole service configs in JSON")
	set.IntVar(&f.N, "n", 10, "`number` of RPCs with each policy")
	set.DurationVar(&f.Timeout, "timeout", time.Second, "`time` that one RPC may take")
	set.StringVar(&f.serverName, "server-name", nameOfAddress,
		"`name` that a server must prove by its certificate: its own (address), or that of the channel (channel), which fails")
	set.BoolVar(&f.DialNames, "dial-names", false,
		"dial the servers' names, not their addresses; the system must know the names, from /etc/hosts for example")
	set.BoolVar(&f.Keep, "keep", false, "go on sending RPCs, and serve /metrics and /debug/lb, until interrupted")
	set.Float64Var(&f.Rate, "rate", 20, "`number` of RPCs per second with each policy, with -keep")
	set.StringVar(&f.MetricsAddr, "metrics-addr", "127.0.0.1:9464",
		"`address` to serve /metrics and /debug/lb on, with -keep; port 0 takes any free one; whoever can connect sees the servers' addresses")
	set.DurationVar(&f.Retention, "retention", 5*time.Minute,
		"`time` that the series of a server stay on /metrics when it is used no more, with -keep")
	set.DurationVar(&f.Linger, "linger", 0,
		"`time` to go on serving /metrics once interrupted, with -keep, so that Prometheus scrapes the last counts; a second interrupt ends it")
}

// addRemoteFlags adds the flags of a client whose servers run in other processes.
func (f *Flags) addRemoteFlags(set *flag.FlagSet) {
	set.StringVar(&f.ca, "ca", "", "`file` of the CA that signed the servers' certificates, in place of the embedded one")
	set.StringVar(&f.BackendsFile, "backends-file", "",
		fmt.Sprintf("`file` to read the servers from in place of -backends, one NAME=HOST:PORT on each line; "+
			"with -keep it is read again every %v, and what has changed takes effect; replace it (mv) rather than write to it", backend.PollInterval))
}
