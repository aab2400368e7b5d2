package balancertest_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestCheckPassesARightPolicy(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, planted{})
}

func TestCheckPassesABuilderWithoutParser(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, struct{ balancer.Builder }{planted{}})
}

func TestExceptionsAreLeftOut(t *testing.T) {
	t.Parallel()
	for exception, b := range map[balancertest.Exception]balancer.Builder{
		balancertest.ShutsDownFirst: planted{fault{shutsDownFirst: true}},
		balancertest.SerialExitIdle: planted{fault{exitsIdleAlone: true}},
		balancertest.LostIsIdle:     planted{fault{panicsInAttempt: true}},
	} {
		t.Run(string(exception), func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, b, exception)
		})
		if _, ok := balancertest.Demands()[string(exception)]; !ok {
			t.Errorf("no demand is called %q", exception)
		}
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	t.Parallel()
	one := balancertest.ByKey(balancer.PickInfo{})
	for name, test := range map[string]struct {
		opts []balancertest.CheckOption
		want string // "" for none
	}{
		"good":                 {[]balancertest.CheckOption{balancertest.ShutsDownFirst, balancertest.SerialExitIdle, balancertest.LostIsIdle, one}, ""},
		"an unknown exception": {[]balancertest.CheckOption{balancertest.ShutsDownFirst, balancertest.Exception("a typo")}, `unknown exception "a typo"`},
		"nil":                  {[]balancertest.CheckOption{nil}, "nil option"},
		"ByKey without RPCs":   {[]balancertest.CheckOption{balancertest.ByKey()}, "ByKey needs RPCs"},
		"ByKey twice":          {[]balancertest.CheckOption{one, one}, "all in one option"},
	} {
		err := balancertest.BadOption(planted{}, test.opts...)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}

// Check removes the SubConns in five ways when the policy is READY, and in one way
// after the loss of a connection that the picker still chooses.
func TestCheckSeesAnEarlyShutdownInEachRemoval(t *testing.T) {
	t.Parallel()
	for want, f := range map[int]fault{
		5: {shutsDownFirst: true},
		6: {shutsDownFirst: true, silentLoss: true},
	} {
		failures, _ := failuresOf(t, order, planted{f})
		early := 0
		for _, f := range failures {
			if strings.Contains(f, "was shut down while the picker chose it") {
				early++
			}
		}
		if early != want {
			t.Errorf("%d of the failures %q are early Shutdowns, want %d", early, failures, want)
		}
	}
}

// A policy that panicked may still hold a lock that Close needs.
func TestCheckDoesNotTouchAPolicyThatPanicked(t *testing.T) {
	t.Parallel()
	failures, _ := failuresOf(t, emptyUpdate, planted{fault{panicsOnEmpty: true, panicsInClose: true}})
	if len(failures) != 1 || !strings.Contains(failures[0], "panicked: no endpoints") {
		t.Errorf("failures %q, want the first panic only", failures)
	}
}

// TestGRPCsOwnPoliciesNeedTheException fails once grpc-go reports the picker first.
// Then remove the exceptions from the tests that name them, and correct the docs.
func TestGRPCsOwnPoliciesNeedTheException(t *testing.T) {
	t.Parallel()
	for _, name := range []string{pickfirst.Name, roundrobin.Name, leastrequest.Name} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failures, _ := failuresOf(t, order, balancer.Get(name))
			if !slices.ContainsFunc(failures, func(f string) bool { return strings.Contains(f, "was shut down while the picker chose it") }) {
				t.Errorf("failures %q, want the early Shutdown", failures)
			}
			if slices.Sort(failures); len(slices.Compact(slices.Clone(failures))) != len(failures) {
				t.Errorf("failures %q, want one for each SubConn", failures)
			}
		})
	}
}

// TestGRPCsOwnPoliciesNeedALostSubConnToBeIdle fails once grpc-go's pick_first follows
// gRFC A105. Then remove the exceptions from the tests that name them, and correct the
// docs.
func TestGRPCsOwnPoliciesNeedALostSubConnToBeIdle(t *testing.T) {
	t.Parallel()
	for _, name := range []string{pickfirst.Name, roundrobin.Name, leastrequest.Name} {
		failures, _ := failuresOf(t, scaledLoss, balancer.Get(name))
		if !slices.ContainsFunc(failures, func(f string) bool { return strings.Contains(f, "pick: SubConn is a <nil>") }) {
			t.Errorf("%s: failures %q, want a pick without a SubConn", name, failures)
		}
	}
}

func TestCheckExplainsABuilderThatReturnsNil(t *testing.T) {
	t.Parallel()
	failures, logs := failuresOf(t, service, nilBuilder{})
	if want := "balancertest: build nil: its builder returned nil"; !slices.Equal(failures, []string{want}) || len(logs) != 1 {
		t.Errorf("failures %q, logs %q, want %q and the events", failures, logs, want)
	}
}

const (
	config       = "an empty config and unknown fields are accepted, broken JSON is not"
	marshal      = "a config can be marshaled, and the result parsed"
	service      = "RPCs are served by READY SubConns, and fail when no endpoint can be reached"
	order        = string(balancertest.ShutsDownFirst)
	anyState     = "ExitIdle may come in any state"
	anyGoroutine = string(balancertest.SerialExitIdle)
	loss         = "a new picker comes promptly when a connection is lost"
	scaledLoss   = string(balancertest.LostIsIdle)
	replacement  = "endpoints that the resolver takes away keep no SubConn"
	emptyUpdate  = "an empty resolver update is answered with ErrBadResolverState"
	earlyError   = "RPCs fail when the resolver fails before its first update"
	lateError    = "a resolver error changes nothing for a policy that is READY"
	closeReady   = "Close ends all, when READY"
	concurrency  = "picks, state changes, updates and ExitIdle may come at the same time"
)

// TestCheckFindsFaults checks policies with one fault each.
func TestCheckFindsFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  fault
		demand string
		want   string
	}{
		"leaks a SubConn on Close":               {fault{leaksOnClose: true}, closeReady, "is open after Close"},
		"leaks the SubConn of an endpoint gone":  {fault{leaksOnUpdate: true}, replacement, "the resolver removed its endpoint"},
		"keeps a picker with a dead SubConn":     {fault{keepsDead: true}, replacement, "which is shut down"},
		"shuts a SubConn down first":             {fault{shutsDownFirst: true}, order, "was shut down while the picker chose it"},
		"cannot have ExitIdle beside an update":  {fault{exitsIdleAlone: true}, anyGoroutine, "panicked: ExitIdle during an update"},
		"reconnects in ExitIdle when READY":      {fault{reconnectsInIdle: true}, anyState, "after ExitIdle no RPC gets a SubConn"},
		"panics in ExitIdle before any update":   {fault{panicsInExitIdle: "before any update"}, anyState, "panicked: ExitIdle before any update"},
		"panics in ExitIdle when connecting":     {fault{panicsInExitIdle: "when connecting"}, anyState, "panicked: ExitIdle when connecting"},
		"panics in ExitIdle when READY":          {fault{panicsInExitIdle: "when READY"}, anyState, "panicked: ExitIdle when READY"},
		"panics in ExitIdle after a loss":        {fault{panicsInExitIdle: "after a loss"}, anyState, "panicked: ExitIdle after a loss"},
		"panics in ExitIdle when failing":        {fault{panicsInExitIdle: "when failing"}, anyState, "panicked: ExitIdle when failing"},
		"panics in ExitIdle without endpoints":   {fault{panicsInExitIdle: "without endpoints"}, anyState, "panicked: ExitIdle without endpoints"},
		"panics in Build":                        {fault{panicsInBuild: true}, service, "panicked: no policy"},
		"panics in Close":                        {fault{panicsInClose: true}, service, "panicked: no SubConn"},
		"panics in Pick":                         {fault{panicsInPick: true}, service, "panicked: no SubConn to pick"},
		"panics in Pick on another goroutine":    {fault{panicsInPick: true}, concurrency, "panicked: no SubConn to pick"},
		"never publishes after a loss":           {fault{silentLoss: true}, loss, "no new picker within"},
		"keeps a picker with a lost SubConn":     {fault{silentLoss: true}, loss, "which is in IDLE"},
		"never publishes when reconnected":       {fault{silentReconnect: true}, scaledLoss, "no new picker within"},
		"keeps a picker when reconnected":        {fault{silentReconnect: true}, scaledLoss, "which is in CONNECTING"},
		"never publishes when lost in backoff":   {fault{silentBackoff: true}, scaledLoss, "no new picker within"},
		"keeps a picker when lost in backoff":    {fault{silentBackoff: true}, scaledLoss, "which is in TRANSIENT_FAILURE"},
		"does not use a reconnected SubConn":     {fault{losesForGood: true}, scaledLoss, "reports CONNECTING when all connections"},
		"publishes after Close":                  {fault{publishesLate: true}, closeReady, "reported CONNECTING after Close"},
		"makes a SubConn after Close":            {fault{connectsLate: true}, closeReady, "made a SubConn to 10.0.0.1:50051 after Close"},
		"reports SHUTDOWN":                       {fault{shutdown: true}, service, "reported SHUTDOWN"},
		"reports a nil picker":                   {fault{nilPicker: true}, service, "nil picker"},
		"picks a SubConn of another channel":     {fault{foreign: true}, service, "is of another channel"},
		"panics on an empty update":              {fault{panicsOnEmpty: true}, emptyUpdate, "panicked: no endpoints"},
		"accepts an empty update":                {fault{acceptsEmpty: true}, emptyUpdate, "want balancer.ErrBadResolverState"},
		"has RPCs wait after an empty update":    {fault{queuesWhenEmpty: true}, emptyUpdate, "RPCs wait"},
		"has RPCs wait when all endpoints fail":  {fault{queuesFailures: true}, service, "RPCs wait"},
		"ignores the resolver's error":           {fault{ignoresEarlyError: true}, earlyError, "RPCs wait"},
		"fails on a resolver's error when READY": {fault{failsOnLateError: true}, lateError, "reports TRANSIENT_FAILURE after a resolver error"},
		"reconnects on a resolver's error":       {fault{dropsOnLateError: true}, lateError, "is shut down after a resolver error"},
		"accepts broken JSON":                    {fault{acceptsBadConfig: true}, config, "for {;"},
		"refuses fields that it does not know":   {fault{refusesUnknown: true}, config, "refused"},
		"marshals a config into another":         {fault{wrapsConfig: true}, marshal, `becomes {"Value":{}} when it is marshaled, and that, parsed, becomes {"Value":{"Value":{}}}`},
		"refuses its config when marshaled":      {fault{wrapsConfig: true, refusesUnknown: true}, marshal, `becomes {"Value":{}} when it is marshaled, which ParseConfig refuses: unknown fields`},
		"has a config that cannot be marshaled":  {fault{hasSecretConfig: true}, marshal, "cannot be marshaled"},
		"does not become READY":                  {fault{neverReady: true}, service, "reports CONNECTING when all connections"},
		"asks for new connections without end":   {fault{endless: true}, service, "without end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failures, logs := failuresOf(t, test.demand, planted{test.fault})
			if !slices.ContainsFunc(failures, func(f string) bool { return strings.Contains(f, test.want) }) {
				t.Errorf("failures %q, want one with %q", failures, test.want)
			}
			if len(logs) != 1 || !strings.HasPrefix(logs[0], "what happened") || strings.Contains(logs[0], "the first 0 events") {
				t.Errorf("logs %q, want the events", logs)
			}
		})
	}
}

// Check finds a leak in each situation in which the policy has a SubConn, and after
// concurrent calls.
func TestCheckFindsALeakInEachSituation(t *testing.T) {
	t.Parallel()
	withoutSubConn := []string{"before any update", "after ExitIdle before any update", "after an empty update", "after an empty first update", "after a resolver error"}
	found := 0
	for name := range balancertest.Demands() {
		situation, closes := strings.CutPrefix(name, "Close ends all, ")
		if name != concurrency && (!closes || slices.Contains(withoutSubConn, situation)) {
			continue
		}
		found++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failures, _ := failuresOf(t, name, planted{fault{leaksOnClose: true}})
			if !slices.ContainsFunc(failures, func(f string) bool { return strings.Contains(f, "is open after Close") }) {
				t.Errorf("failures %q, want the leak", failures)
			}
		})
	}
	if found != 10 {
		t.Errorf("%d demands can find a leak, want 10", found)
	}
}
