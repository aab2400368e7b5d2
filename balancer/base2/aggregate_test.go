package base2_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// The endpoints connect on request, because others are not IDLE for long.
func TestTheAggregateIsTheBestState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, v := buildViewer(t, base2.WithConnectOnRequest(), base2.WithEveryState())
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
		connect := func(i int) func() { return func() { v.last()[i].Endpoint.Connect() } }
		change := func(addr string, to func(*balancertest.SubConn)) func() { return func() { to(cc.SubConn(addr)) } }
		for _, step := range []struct {
			do              func()
			endpoints, want string
		}{
			{func() {}, "IDLE IDLE IDLE", "IDLE"},
			{connect(0), "CONNECTING IDLE IDLE", "CONNECTING"},
			{change("a:1", fail), "TRANSIENT_FAILURE IDLE IDLE", "IDLE"},
			{connect(1), "TRANSIENT_FAILURE CONNECTING IDLE", "CONNECTING"},
			{change("b:1", (*balancertest.SubConn).Ready), "TRANSIENT_FAILURE READY IDLE", "READY"},
			{connect(2), "TRANSIENT_FAILURE READY CONNECTING", "READY"},
			{change("b:1", (*balancertest.SubConn).Idle), "TRANSIENT_FAILURE IDLE CONNECTING", "CONNECTING"},
			{change("c:1", fail), "TRANSIENT_FAILURE IDLE TRANSIENT_FAILURE", "IDLE"},
			{connect(1), "TRANSIENT_FAILURE CONNECTING TRANSIENT_FAILURE", "CONNECTING"},
			{change("b:1", fail), "TRANSIENT_FAILURE TRANSIENT_FAILURE TRANSIENT_FAILURE", "TRANSIENT_FAILURE"},
		} {
			step.do()
			synctest.Wait()
			var endpoints []string
			for _, s := range v.last() {
				endpoints = append(endpoints, s.State.String())
			}
			if got := strings.Join(endpoints, " "); got != step.endpoints {
				t.Fatalf("the endpoints are %s, want %s", got, step.endpoints)
			}
			if got := cc.State().ConnectivityState.String(); got != step.want {
				t.Errorf("with endpoints that are %s the policy is %s, want %s", step.endpoints, got, step.want)
			}
		}
	})
}
