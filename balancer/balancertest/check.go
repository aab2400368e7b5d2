package balancertest

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/balancer"
)

// An Exception is a demand that a policy is known not to meet.
type Exception string

const (
	// ShutsDownFirst is for policies that shut a SubConn down and only then report
	// a picker without it. RPCs that choose it meanwhile wait. All that are made of
	// grpc-go's pick_first, endpointsharding or base are of this kind.
	ShutsDownFirst Exception = "a picker without them is reported before SubConns are shut down"

	// SerialExitIdle is for policies whose ExitIdle must not be called beside
	// another call. All that are made of grpc-go's endpointsharding are of this
	// kind: there it is a data race.
	SerialExitIdle Exception = "ExitIdle may come from any goroutine"
)

// Check tests that the policies that b builds do what gRPC counts on, whatever
// they are for: see "What Check demands" above. Each demand is a subtest, whose
// name says what it is. A subtest that fails prints the events that led to it.
//
//	func TestMyPolicy(t *testing.T) {
//		balancertest.Check(t, balancer.Get("my_policy"))
//	}
//
// The demands that a policy cannot meet because of what it is made of can be named
// as exceptions. They are left out.
//
// The subtests run in [testing/synctest] bubbles: the policy's timers fire
// without delay, and a goroutine that is still there when the policy has been
// closed ends the test with a panic that says "blocked goroutines remain". What
// the policy shares between channels must not use channels or timers made in one
// of them.
func Check(t *testing.T, b balancer.Builder, exceptions ...Exception) {
	t.Helper()
	if b == nil {
		t.Fatal("balancertest: check policy: nil builder; if it comes from balancer.Get, import the package that registers the policy")
	}
	if err := unknownException(exceptions); err != nil {
		t.Fatal(err)
	}
	for _, d := range demands() {
		if slices.Contains(exceptions, Exception(d.name)) {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { d.on(t, b) })
		})
	}
}

func unknownException(exceptions []Exception) error {
	for _, e := range exceptions {
		if e != ShutsDownFirst && e != SerialExitIdle {
			return fmt.Errorf("balancertest: check policy: there is no exception %q; use the constants", e)
		}
	}
	return nil
}

// demand is one thing that a policy must do.
type demand struct {
	name  string
	check func(*trial)
}

func demands() []demand {
	all := []demand{
		{"an empty config and unknown fields are accepted, broken JSON is not", checkConfig},
		{"RPCs are served by READY SubConns, and fail when no endpoint can be reached", checkService},
		{"a new picker comes promptly when a connection is lost", checkLoss},
		{"endpoints that the resolver takes away keep no SubConn", checkReplacement},
		{string(ShutsDownFirst), checkShutdownOrder},
		{"an empty resolver update is answered with ErrBadResolverState", checkEmptyUpdate},
		{"RPCs fail when the resolver fails before its first update", checkEarlyResolverError},
		{"a resolver error changes nothing for a policy that is READY", checkLateResolverError},
		{"ExitIdle may come in any state", checkExitIdle},
		{string(SerialExitIdle), checkExitIdleBesideCalls},
		{"picks, state changes, updates and ExitIdle may come at the same time", checkConcurrency},
	}
	for _, s := range situations {
		all = append(all, demand{"Close ends all, " + s.name, func(t *trial) { checkClose(t, s) }})
	}
	return all
}

// on checks that the policies of b meet the demand. It must run in a bubble.
func (d demand) on(tb testing.TB, b balancer.Builder) {
	tb.Helper()
	t := newTrial(tb, b)
	defer t.end()
	t.policy = t.cc.Build(b)
	d.check(t)
}
