package balancertest

import (
	"slices"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/balancer"
)

// Check tests that the policies that b builds do what gRPC expects of every
// policy; see "What Check demands" above. Each demand is a subtest named for it.
// A failed subtest prints the events that led to the failure.
//
//	func TestMyPolicy(t *testing.T) {
//		balancertest.Check(t, balancer.Get("my_policy"))
//	}
//
// Check skips the demands that are given as an [Exception]. These are for demands
// that a policy cannot meet because of the packages that it is built on. [ByKey] is
// for policies that choose an RPC's endpoint by a key, [ConfigFields] for those that
// need a config, and [MapEndpoints] for those that need attributes of endpoints.
//
// The subtests run in [testing/synctest] bubbles, where the policy's timers fire
// without delay. A goroutine that outlives the policy ends the test with a panic
// that says "blocked goroutines remain". State that the policy's instances share
// must not hold a Go channel or timer that was made in a subtest. A goroutine of the
// policy must not wait for a Go channel that was made outside of the subtests: the test
// would hang.
func Check(t *testing.T, b balancer.Builder, opts ...CheckOption) {
	t.Helper()
	if b == nil {
		t.Fatal("balancertest: check policy: nil builder; if it comes from balancer.Get, import the package that registers the policy")
	}
	options, err := newCheckOptions(b, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range demands() {
		if slices.Contains(options.exceptions, Exception(d.name)) {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { d.run(t, b, options) })
		})
	}
}

// demand is one requirement on a policy.
type demand struct {
	name  string
	check func(*trial)
}

func demands() []demand {
	all := []demand{
		{"an empty config and unknown fields are accepted, broken JSON is not", checkConfig},
		{"a config can be marshaled, and the result parsed", checkMarshal},
		{"RPCs are served by READY SubConns, and fail when no endpoint can be reached", checkService},
		{"a new picker comes promptly when a connection is lost", checkLoss},
		{string(LostIsIdle), checkScaledLoss},
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

// run checks that the policies of b meet the demand. It must run in a bubble.
func (d demand) run(tb testing.TB, b balancer.Builder, options checkOptions) {
	tb.Helper()
	t := newTrial(tb, b, options)
	defer t.end()
	t.policy = t.cc.Build(b)
	d.check(t)
}
