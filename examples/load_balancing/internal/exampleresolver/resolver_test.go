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

func TestState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options exampleresolver.Options
		want    []resolver.Address
	}{
		{
			name: "each address has its own name",
			want: []resolver.Address{
				{Addr: "127.0.0.1:50051", ServerName: "member1.etcd.local"},
				{Addr: "[::1]:50052", ServerName: "member2.etcd.local"},
			},
		},
		{
			name:    "the channel's name for all",
			options: exampleresolver.Options{ChannelName: true},
			want:    []resolver.Address{{Addr: "127.0.0.1:50051"}, {Addr: "[::1]:50052"}},
		},
		{
			name:    "names are dialled and proved",
			options: exampleresolver.Options{DialNames: true},
			want: []resolver.Address{
				{Addr: "member1.etcd.local:50051", ServerName: "member1.etcd.local"},
				{Addr: "member2.etcd.local:50052", ServerName: "member2.etcd.local"},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, addresses(exampleresolver.State(backends, test.options))); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
		})
	}
}

// channel records the states that it is given.
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
	first := exampleresolver.State(backends[:1], exampleresolver.Options{})
	second := exampleresolver.State(backends[1:], exampleresolver.Options{})
	both := exampleresolver.State(backends, exampleresolver.Options{})
	r := exampleresolver.New(first)
	update := func(state resolver.State, want error) {
		t.Helper()
		if err := r.Update(state); !errors.Is(err, want) {
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

	update(second, nil) // nobody listens yet
	awake := &channel{}
	built := build(awake)
	update(both, nil)
	awake.answer = balancer.ErrBadResolverState
	update(resolver.State{}, balancer.ErrBadResolverState)
	built.Close() // the channel goes idle
	update(first, nil)
	again := &channel{}
	build(again)

	if diff := cmp.Diff([][]resolver.Address{addresses(second), addresses(both), nil}, seen(awake)); diff != "" {
		t.Errorf("states until the channel went idle (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]resolver.Address{addresses(first)}, seen(again)); diff != "" {
		t.Errorf("states after it woke up (-want +got):\n%s", diff)
	}
}

func seen(c *channel) [][]resolver.Address {
	var all [][]resolver.Address
	for _, state := range c.states {
		all = append(all, addresses(state))
	}
	return all
}

func addresses(state resolver.State) []resolver.Address {
	var all []resolver.Address
	for _, endpoint := range state.Endpoints {
		all = append(all, endpoint.Addresses...)
	}
	return all
}

func TestTheChannelHearsOfErrorsWhileItListens(t *testing.T) {
	t.Parallel()
	r := exampleresolver.New(exampleresolver.State(backends, exampleresolver.Options{}))
	first, second, third := errors.New("first"), errors.New("second"), errors.New("third")
	r.ReportError(first) // nobody listens yet
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
		t.Errorf("%d states reported, want the one of the beginning", len(c.states))
	}
}
