package exampleresolver_test

import (
	"errors"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/exampleresolver"
)

var backends = []backend.Backend{
	{Name: "member1.etcd.local", Addr: "127.0.0.1:50051"},
	{Name: "member2.etcd.local", Addr: "[::1]:50052"},
}

// address makes names that nothing else makes.
func address(b backend.Backend) resolver.Address {
	return resolver.Address{Addr: b.Addr, ServerName: "name of " + b.Name}
}

// channel records the states that it gets.
type channel struct {
	resolver.ClientConn
	states []resolver.State
	errs   []error
	answer error
}

func (c *channel) ReportError(err error) { c.errs = append(c.errs, err) }

func (c *channel) UpdateState(state resolver.State) error {
	c.states = append(c.states, state)
	return c.answer
}

func TestTheChannelHearsOfEachUpdateWhileItListens(t *testing.T) {
	t.Parallel()
	first, second := backends[:1], backends[1:]
	r := exampleresolver.New(first, address)
	update := func(servers []backend.Backend, want error) {
		t.Helper()
		if err := r.Update(servers); !errors.Is(err, want) {
			t.Errorf("Update: %v, want %v", err, want)
		}
	}
	build := func(c *channel) resolver.Resolver {
		t.Helper()
		built, err := r.Build(resolver.Target{}, c, resolver.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return built
	}

	update(second, nil) // no channel listens yet
	awake := &channel{}
	built := build(awake)
	update(backends, nil)
	awake.answer = balancer.ErrBadResolverState
	update(nil, balancer.ErrBadResolverState)
	built.Close() // the channel goes idle
	update(first, nil)
	again := &channel{}
	build(again)

	if diff := cmp.Diff([][]resolver.Address{addresses(second), addresses(backends), nil}, seen(awake)); diff != "" {
		t.Errorf("states until the channel went idle (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]resolver.Address{addresses(first)}, seen(again)); diff != "" {
		t.Errorf("states after it woke up (-want +got):\n%s", diff)
	}
}

// seen returns the addresses of each state. Each endpoint must have one.
func seen(c *channel) [][]resolver.Address {
	var all [][]resolver.Address
	for _, state := range c.states {
		var of []resolver.Address
		for _, endpoint := range state.Endpoints {
			if len(endpoint.Addresses) == 1 {
				of = append(of, endpoint.Addresses...)
			}
		}
		all = append(all, of)
	}
	return all
}

func addresses(servers []backend.Backend) []resolver.Address {
	var all []resolver.Address
	for _, s := range servers {
		all = append(all, address(s))
	}
	return all
}

func TestTheChannelHearsOfErrorsWhileItListens(t *testing.T) {
	t.Parallel()
	r := exampleresolver.New(backends, address)
	first, second, third := errors.New("first"), errors.New("second"), errors.New("third")
	r.ReportError(first) // no channel listens yet
	c := &channel{}
	built, err := r.Build(resolver.Target{}, c, resolver.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r.ReportError(second)
	built.Close()
	r.ReportError(third)

	if len(c.errs) != 1 || c.errs[0] != second {
		t.Errorf("errors reported: %v, want %v", c.errs, second)
	}
	if len(c.states) != 1 {
		t.Errorf("%d states reported, want only the first", len(c.states))
	}
}
