package documents_test

import (
	"log"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// The Examples of this file have no output: a process can set the default options once,
// and a registration is for init functions.

func Example_defaultOptions() {
	err := metrics.ConfigureDefault(metrics.WithLatency(), metrics.WithBackendName(metrics.NameByServerName))
	if err != nil {
		log.Fatal(err)
	}
}

func Example_ownRegistry() {
	registry := prometheus.NewRegistry()
	m := metrics.New(metrics.WithLatency())
	registry.MustRegister(m)
	balancer.Register(m.Instrument(roundrobin2.NewBuilder()))
}

func Example_singlePolicies() {
	m := metrics.New()
	// …
	if _, err := m.InstrumentRegistered("my_policy"); err != nil {
		log.Print(err)
	}

	balancer.Register(m.Instrument(balancer.Get("round_robin")))
	balancer.Register(m.InstrumentAs("round_robin_internal", balancer.Get("round_robin")))
}

// A library whose service config nobody can change gets round_robin2 by this, and so
// does everything else in the program that names round_robin.
func Example_underAnotherName() {
	balancer.Register(metrics.Default().InstrumentAs("round_robin", roundrobin2.NewBuilder()))
}
