package base2

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

// system is a policy on a channel without a network, and the model of it. It must be in
// a bubble.
type system struct {
	cc      *balancertest.ClientConn
	policy  *balancertest.Policy
	b       *endpointBalancer[struct{}]
	channel *Channel
	model   *model

	mu      sync.Mutex // timers report from goroutines of their own; guards the fields below
	reports int        // since the last event
	faults  []string   // likewise

	closing bool
	exploration
	ranks []int // the indexes of the listed endpoints, in the order in which events name them
}

func newSystem(tb testing.TB, x exploration) *system {
	s := &system{model: &model{health: x.health}, exploration: x}
	s.cc = balancertest.NewClientConn(faultTB{tb, s})
	s.cc.SetManualHealth(true)
	s.cc.SetConnectionScaling(true)
	var options []Option
	if !x.health {
		options = append(options, WithoutHealthChecks())
	}
	if x.everyState {
		options = append(options, WithEveryState())
	}
	newPolicy := func(c *Channel) lister {
		s.channel = c
		return lister{}
	}
	s.policy = s.cc.Build(watchedBuilder{s, New("explored", newPolicy, options...)})
	return s
}

// lister is a policy whose pickers show what it saw.
type lister struct{}

func (lister) NewPicker(view View[struct{}]) balancer.Picker {
	return &listPicker{ready: view.Ready(), all: slices.Collect(view.All()), err: view.PickError()}
}

type listPicker struct {
	ready []Ready[struct{}]
	all   []Status[struct{}]
	err   error
}

func (p *listPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	if len(p.ready) == 0 {
		return balancer.PickResult{}, p.err
	}
	return balancer.PickResult{SubConn: p.ready[0].SubConn}, nil
}

// watchedBuilder builds the policy on a ClientConn that watches the reports.
type watchedBuilder struct {
	s *system
	balancer.Builder
}

func (w watchedBuilder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	b := w.Builder.Build(watchedConn{cc, w.s}, opts)
	w.s.b = b.(*endpointBalancer[struct{}])
	return b
}

type watchedConn struct {
	balancer.ClientConn
	s *system
}

func (c watchedConn) UpdateState(s balancer.State) {
	c.s.note(1)
	c.ClientConn.UpdateState(s)
}

// NewSubConn makes a SubConn that knows whether RPCs still go to it when it is shut down.
func (c watchedConn) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	sc, err := c.ClientConn.NewSubConn(addrs, opts)
	if err != nil {
		return nil, err
	}
	return &watchedSubConn{sc, c.s}, nil
}

type watchedSubConn struct {
	balancer.SubConn
	s *system
}

func (sc *watchedSubConn) Shutdown() {
	if p := sc.s.picker(); p != nil && !sc.s.closing && slices.ContainsFunc(p.ready, func(r Ready[struct{}]) bool { return r.SubConn == balancer.SubConn(sc) }) {
		sc.s.note(0, "a SubConn is shut down while RPCs go to it")
	}
	sc.SubConn.Shutdown()
}

// note takes note of what the policy does.
func (s *system) note(reports int, faults ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports += reports
	s.faults = append(s.faults, faults...)
}

// did returns what the policy has done since the last call.
func (s *system) did() (reports int, faults string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reports, faults = s.reports, strings.Join(s.faults, "; ")
	s.reports, s.faults = 0, nil
	return reports, faults
}

// picker returns the policy's last picker, or nil if base2 made the last one.
func (s *system) picker() *listPicker {
	p, _ := s.cc.State().Picker.(*listPicker)
	return p
}

// faultTB turns what the fakes find into faults.
type faultTB struct {
	testing.TB
	s *system
}

func (tb faultTB) Helper() {}

func (tb faultTB) Errorf(format string, args ...any) {
	tb.s.note(0, fmt.Sprintf(format, args...))
}

func (tb faultTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// apply has an event happen to the policy and the model.
func (s *system) apply(e event) {
	s.did()
	defer func() {
		if r := recover(); r != nil {
			s.note(0, fmt.Sprint("panic: ", r))
		}
	}()
	e = e.inOrder(s.ranks)
	names := s.model.names()
	for _, line := range e.lines(names) {
		parsed, err := script.Parse(line)
		if err != nil {
			panic(err)
		}
		s.do(parsed)
	}
	s.model.apply(e, e.updated(names))
}

func (s *system) do(e script.Event) {
	switch e.Kind {
	case script.Update:
		err := s.policy.Update(e.Endpoints...)
		if empty := len(e.Endpoints) == 0; errors.Is(err, balancer.ErrBadResolverState) != empty || !empty && err != nil {
			s.note(0, fmt.Sprint("the update's error is ", err))
		}
	case script.ResolverError:
		s.policy.ResolverError(errors.New("no such host"))
	case script.ExitIdle:
		s.policy.ExitIdle()
	case script.Close:
		s.close()
	case script.Wait:
		time.Sleep(e.Delay)
		synctest.Wait()
	case script.Connectivity:
		s.cc.SubConn(e.Addr.Addr).SetState(e.State, e.Cause())
	case script.Health:
		s.cc.SubConn(e.Addr.Addr).SetHealth(e.State, e.Cause())
	case script.Simultaneous:
		s.cc.DeliverAfter(func() {
			for _, part := range e.Parts {
				s.do(part)
			}
		})
	default:
		panic("there is no event " + e.String())
	}
}

// close closes the policy, once.
func (s *system) close() {
	if !s.closing {
		s.closing = true
		s.policy.Close()
	}
}

// inOrder returns the listed endpoints in the order in which events number them.
func (s *system) inOrder() (endpoints []*modelEndpoint) {
	for _, i := range s.ranks {
		endpoints = append(endpoints, s.model.listed[i])
	}
	return endpoints
}

func moved(before, after []*modelEndpoint) (to []int) {
	for _, e := range before {
		to = append(to, slices.Index(after, e))
	}
	return to
}
