package balancertest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// threeKeys are keys of three endpoints, if there are as many.
var threeKeys = balancertest.ByKey(withKey(0), withKey(1), withKey(2))

func TestCheckPassesARightPolicyByKey(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, keyed{}, threeKeys)
}

func TestCheckPassesAPolicyThatConnectsByKey(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, keyed{keyFault{lazy: true}}, threeKeys)
}

func TestCheckPassesOtherPoliciesByKey(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, planted{}, threeKeys)
}

func TestAPolicyByKeyMayPauseBeforeItReconnects(t *testing.T) {
	t.Parallel()
	if failures, _ := failuresOf(t, anyState, keyed{keyFault{pauses: true}}, threeKeys); len(failures) > 0 {
		t.Errorf("failures %q, want none", failures)
	}
}

// Without the option RPCs have no key.
func TestAPolicyByKeyNeedsByKey(t *testing.T) {
	t.Parallel()
	failures, _ := failuresOf(t, service, keyed{})
	if len(failures) != 1 || !strings.Contains(failures[0], "an RPC gets no SubConn: the RPC has no key") {
		t.Errorf("failures %q, want that the RPC has no key", failures)
	}
}

// ByKey does not allow an RPC to wait for something that never comes.
func TestCheckFindsFaultsOfPoliciesByKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  keyFault
		demand string
		want   string
	}{
		"RPCs wait for another endpoint":                 {keyFault{waitsForAll: true}, loss, "let RPCs wait for their own endpoint only"},
		"RPCs of a key are never served":                 {keyFault{forgets: true}, service, "when READY RPCs like rpcs[1] of ByKey wait"},
		"RPCs wait when all endpoints fail":              {keyFault{waitsWhenFailing: true}, service, "when connections to all endpoints fail RPCs like rpcs[2] of ByKey wait"},
		"RPCs of a key wait after an empty first update": {keyFault{waitsWhenEmpty: true}, emptyUpdate, "after an empty first update RPCs like rpcs[1] of ByKey wait"},
		"RPCs of a key wait after an empty update":       {keyFault{waitsWhenEmpty: true}, emptyUpdate, "after an empty update RPCs like rpcs[1] of ByKey wait"},
		"RPCs of a key wait after a resolver error":      {keyFault{waitsWithResolver: true}, lateError, "after a resolver error RPCs like rpcs[1] of ByKey wait"},
		"RPCs of a key go to a lost SubConn":             {keyFault{keepsDead: true}, loss, "which is in IDLE"},
		"RPCs of a key go to a removed endpoint":         {keyFault{keepsDead: true}, replacement, "which is shut down"},
		"a key's SubConn is shut down first":             {keyFault{shutsDownFirst: true}, order, "was shut down while the picker chose it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failures, logs := failuresOf(t, test.demand, keyed{test.fault}, threeKeys)
			if !slices.ContainsFunc(failures, func(f string) bool { return strings.Contains(f, test.want) }) {
				t.Errorf("failures %q, want one with %q", failures, test.want)
			}
			if len(logs) != 1 || !strings.HasPrefix(logs[0], "what happened") || strings.Contains(logs[0], "the first 0 events") {
				t.Errorf("logs %q, want the events", logs)
			}
		})
	}
}
