package balancertest_test

import (
	"errors"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestImpossibleStateChangesNameTheWayOut(t *testing.T) {
	t.Parallel()
	const (
		lost    = "call Idle first: the connection is lost"
		several = lost + "; or, if SubConns may have several (gRFC A105), call SetConnectionScaling"
		backoff = "call Idle first: the backoff is over"
		attempt = "end the attempt first, with Ready, Fail or Idle"
		request = "the policy has not asked to connect; see SubConn.Wanted"
		policys = "only the policy shuts a SubConn down"
	)
	refused := errors.New("refused")
	connecting, failed := (*balancertest.SubConn).Connecting, func(sc *balancertest.SubConn) { sc.Fail(refused) }
	ready, idle := (*balancertest.SubConn).Ready, (*balancertest.SubConn).Idle
	set := func(to connectivity.State) func(*balancertest.SubConn) {
		return func(sc *balancertest.SubConn) { sc.SetState(to, nil) }
	}
	for name, test := range map[string]struct {
		steps []func(*balancertest.SubConn) // the last is impossible
		want  string
	}{
		"READY fails":                {steps(ready, failed), "from READY to TRANSIENT_FAILURE; " + several},
		"READY connects":             {steps(ready, connecting), "from READY to CONNECTING; " + several},
		"READY becomes READY":        {steps(ready, ready), "from READY to READY; " + lost},
		"a failed one fails":         {steps(failed, failed), "from TRANSIENT_FAILURE to TRANSIENT_FAILURE; " + backoff},
		"a failed one connects":      {steps(failed, connecting), "from TRANSIENT_FAILURE to CONNECTING; " + backoff},
		"a failed one becomes READY": {steps(failed, ready), "from TRANSIENT_FAILURE to READY; " + backoff},
		"a connecting one connects":  {steps(connecting, connecting), "from CONNECTING to CONNECTING; " + attempt},
		"READY without CONNECTING":   {steps(set(connectivity.Ready)), "from IDLE to READY; call Connecting first"},
		"failure without CONNECTING": {steps(set(connectivity.TransientFailure)), "from IDLE to TRANSIENT_FAILURE; call Connecting first"},
		"a wanted one becomes IDLE":  {steps(idle), "from IDLE to IDLE; call Connecting first"},
		"connects unasked":           {steps(ready, idle, connecting), "from IDLE to CONNECTING; " + request},
		"becomes READY unasked":      {steps(ready, idle, ready), "from IDLE to CONNECTING; " + request},
		"fails unasked":              {steps(ready, idle, failed), "from IDLE to CONNECTING; " + request},
		"becomes IDLE twice":         {steps(ready, idle, idle), "from IDLE to IDLE; " + request},
		"SHUTDOWN when IDLE":         {steps(set(connectivity.Shutdown)), "from IDLE to SHUTDOWN; " + policys},
		"SHUTDOWN when READY":        {steps(ready, set(connectivity.Shutdown)), "from READY to SHUTDOWN; " + policys},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := failureOf(t, func(_ *balancertest.ClientConn, _ *balancertest.Policy, sc *balancertest.SubConn) {
				for _, step := range test.steps {
					step(sc)
				}
			})
			if want := "balancertest: set state of SubConn 0 to a:1: gRPC cannot go " + test.want; got != want {
				t.Errorf("failure %q, want %q", got, want)
			}
		})
	}
}

func steps(steps ...func(*balancertest.SubConn)) []func(*balancertest.SubConn) { return steps }

// gRFC A105 adds these changes, and no others.
func TestConnectionScalingAllowsALossInAnAttempt(t *testing.T) {
	t.Parallel()
	cc, c, sc := buildCapturing(t)
	cc.SetConnectionScaling(true)
	sc.Ready()
	c.sc.RegisterHealthListener(func(balancer.SubConnState) {})
	sc.Connecting()
	if sc.SetHealth(connectivity.Ready, nil) {
		t.Error("the health listener outlives the connection")
	}
	sc.Ready()
	refused := errors.New("refused")
	var cause error
	c.onConn = func(s balancer.SubConnState) { cause = s.ConnectionError }
	sc.Fail(refused)
	if !errors.Is(cause, refused) {
		t.Errorf("the cause is %v, want %v", cause, refused)
	}
	sc.Idle()
	if sc.Wanted() {
		t.Error("after its backoff it is wanted, though the policy has not called Connect again")
	}
	for _, lose := range []func(*balancertest.SubConn){(*balancertest.SubConn).Ready, func(sc *balancertest.SubConn) { sc.SetState(connectivity.Shutdown, nil) }} {
		if failureOf(t, func(cc *balancertest.ClientConn, _ *balancertest.Policy, sc *balancertest.SubConn) {
			cc.SetConnectionScaling(true)
			sc.Ready()
			lose(sc)
		}) == "" {
			t.Error("from READY a SubConn goes to READY or SHUTDOWN")
		}
	}
}
