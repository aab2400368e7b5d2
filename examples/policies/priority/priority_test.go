package priority_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/priority"
)

func TestTheFirstGroupServesInTurnAndTheOthersDoNotConnect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := withGroups(t, `{}`, primary, backup)
		c.wantOpen("p:1", "p:2")
		c.wantRPCsWait()
		c.ready("p:1")
		c.wantRPCsAt("p:1")
		c.ready("p:2")
		c.wantRPCsAt("p:1", "p:2")
		c.wantQuiet()
		c.wantOpen("p:1", "p:2")
	})
}

func TestALostEndpointReconnectsWhileTheGroupServes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := withGroups(t, `{}`, primary, backup)
		c.ready("p:1", "p:2")
		c.lose("p:1")
		c.wantRPCsAt("p:2")
		c.wantOpen("p:1", "p:2")
		c.ready("p:1")
		c.wantRPCsAt("p:1", "p:2")
	})
}

// whatFails are the ways in which the first group may not become READY.
var whatFails = map[string]func(*channel){
	"all its endpoints fail":        func(c *channel) { c.fail("p:1", "p:2") },
	"all its endpoints connect":     func(*channel) {},
	"one fails and one connects":    func(c *channel) { c.fail("p:1") },
	"all its connections were lost": func(c *channel) { c.ready("p:1", "p:2"); c.lose("p:1", "p:2") },
}

func TestTheNextGroupConnectsAfterASecond(t *testing.T) {
	t.Parallel()
	for what, fail := range whatFails {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := withGroups(t, `{}`, primary, backup)
				fail(c)
				after(time.Second - time.Millisecond)
				c.wantOpen("p:1", "p:2")
				c.wantRPCsWait()
				after(time.Millisecond + soon)
				c.wantOpen("p:1", "p:2", "b:1", "b:2")
				c.wantRPCsWait()
				c.ready("b:1", "b:2")
				c.wantRPCsAt("b:1", "b:2")
			})
		})
	}
}

func TestTheDelaysAreConfigured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := withGroups(t, `{"failoverAfterSeconds": 0.25, "disconnectAfterSeconds": 5}`, primary, backup)
		after(250*time.Millisecond - time.Millisecond)
		c.wantOpen("p:1", "p:2")
		after(time.Millisecond + soon)
		c.wantOpen("p:1", "p:2", "b:1", "b:2")
		c.ready("p:1", "p:2")
		after(5*time.Second - time.Millisecond)
		c.wantOpen("p:1", "p:2", "b:1", "b:2")
		after(time.Millisecond + soon)
		c.wantOpen("p:1", "p:2")
	})
}

func TestAGroupThatIsBackInTimeKeepsTheOthersAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := withGroups(t, `{}`, primary, backup)
		c.ready("p:1", "p:2")
		for range 5 { // the second starts anew each time
			after(time.Second)
			c.lose("p:1", "p:2")
			after(900 * time.Millisecond)
			c.ready("p:1")
			c.wantRPCsAt("p:1")
			c.ready("p:2")
		}
		c.wantQuiet()
		c.wantOpen("p:1", "p:2")
	})
}

func TestEachGroupGetsItsSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := withGroups(t, `{}`, primary, backup, last)
		after(time.Second + soon)
		c.wantOpen("p:1", "p:2", "b:1", "b:2")
		after(time.Second - 2*soon)
		c.wantOpen("p:1", "p:2", "b:1", "b:2")
		after(3 * soon)
		c.wantOpen("p:1", "p:2", "b:1", "b:2", "l:1")
		c.ready("l:1")
		c.wantRPCsAt("l:1")
		c.ready("b:1")
		c.wantRPCsAt("b:1")
		after(time.Minute + soon)
		c.wantOpen("p:1", "p:2", "b:1", "b:2") // the first group is still tried
		c.ready("p:2")
		c.wantRPCsAt("p:2")
		after(time.Minute + soon)
		c.wantOpen("p:1", "p:2")
	})
}

// failedOver returns a channel whose RPCs go to the backup group.
func failedOver(t *testing.T) *channel {
	c := withGroups(t, `{}`, primary, backup)
	c.fail("p:1", "p:2")
	after(time.Second + soon)
	c.ready("b:1", "b:2")
	c.wantRPCsAt("b:1", "b:2")
	return c
}

func TestRPCsComeBackAtOnceAndTheOthersDisconnectAfterAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := failedOver(t)
		c.lose("p:1") // its backoff is over
		c.ready("p:1")
		c.wantRPCsAt("p:1")
		after(time.Minute - time.Millisecond)
		c.wantOpen("p:1", "p:2", "b:1", "b:2")
		b := c.SubConn("b:1")
		after(time.Millisecond + soon)
		c.wantOpen("p:1", "p:2")
		if !b.IsShutdown() {
			t.Errorf("%v is open", b)
		}
		c.wantRPCsAt("p:1")
	})
}

func TestABackupThatIsStillConnectedTakesOverAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := failedOver(t)
		c.lose("p:1")
		c.ready("p:1")
		after(59 * time.Second)
		c.lose("p:1")
		c.wantRPCsAt("b:1", "b:2")
		c.ready("p:1")
		after(59 * time.Second) // the minute starts anew
		c.wantOpen("p:1", "p:2", "b:1", "b:2")
		after(time.Second + soon)
		c.wantOpen("p:1", "p:2")
	})
}

func TestRPCsFailWhenAllGroupsDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := withGroups(t, `{}`, primary, last)
		c.fail("p:1", "p:2")
		c.wantRPCsWait()
		after(time.Second + soon)
		c.wantRPCsWait()
		c.fail("l:1")
		_, err := c.Pick()
		const want = "priority: none of 3 endpoints is ready: connect to p:1: refused; connect to p:2: refused; connect to l:1: refused"
		if fmt.Sprint(err) != want {
			t.Errorf("pick:\n got %v\nwant %s", err, want)
		}
		c.wantQuiet()
	})
}

func TestANewOrderMovesRPCsWithoutAGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := withGroups(t, `{}`, primary, backup)
		c.ready("p:1", "p:2")
		c.update(backup, primary)
		c.wantOpen("p:1", "p:2", "b:1", "b:2")
		c.wantRPCsAt("p:1", "p:2")
		c.ready("b:1", "b:2")
		c.wantRPCsAt("b:1", "b:2")
		after(time.Minute + soon)
		c.wantOpen("b:1", "b:2")
		c.update(primary, backup, last) // and back
		c.wantRPCsAt("b:1", "b:2")
		c.ready("p:1", "p:2")
		c.wantRPCsAt("p:1", "p:2")
		after(time.Minute + soon)
		c.wantOpen("p:1", "p:2")
	})
}

func TestOnlyTheOrderMayChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := balancertest.ResolverState(
			priority.SetGroup(balancertest.Endpoint("p:1"), "primary"),
			priority.SetGroup(balancertest.Endpoint("b:1"), "backup"),
		)
		c := newChannel(t, `{}`, balancertest.Target)
		c.send(priority.SetOrder(s, "primary", "backup"))
		c.ready("p:1")
		c.send(priority.SetOrder(s, "backup", "primary"))
		c.wantOpen("p:1", "b:1")
		c.ready("b:1")
		c.wantRPCsAt("b:1")
	})
}

func TestGroupsComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := failedOver(t)
		c.update(backup)
		c.wantOpen("b:1", "b:2")
		c.wantRPCsAt("b:1", "b:2")
		c.update(group{name: "primary"}, backup) // a group without endpoints does not count
		c.wantOpen("b:1", "b:2")
		c.update(last, backup)
		c.wantOpen("l:1", "b:1", "b:2")
		c.wantRPCsAt("b:1", "b:2")
		c.ready("l:1")
		c.wantRPCsAt("l:1")

		c = failedOver(t)
		c.update(primary)
		c.wantOpen("p:1", "p:2")
		c.update(primary, backup) // as if it had not been there before
		c.wantOpen("p:1", "p:2")
		after(time.Second + soon)
		c.wantOpen("p:1", "p:2", "b:1", "b:2")
	})
}

func TestTheTargetMayPreferAGroup(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		"":               {"p:1", "p:2"},
		"?prefer=":       {"p:1", "p:2"},
		"?prefer=backup": {"b:1", "b:2"},
		"?prefer=none":   {"p:1", "p:2"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newChannel(t, `{}`, "dns:///example.com"+query)
			c.update(primary, backup)
			c.wantOpen(want...)
			c.ready(want...)
			c.wantRPCsAt(want...)
		})
	}
}

func TestTheResolverMayReuseTheMemoryOfTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		names := []string{"primary", "backup"}
		s := priority.SetOrder(balancertest.ResolverState(
			priority.SetGroup(balancertest.Endpoint("b:1"), "backup"),
			priority.SetGroup(balancertest.Endpoint("p:1"), "primary"),
		), names...)
		names[0], names[1] = names[1], names[0]
		c := newChannel(t, `{}`, balancertest.Target)
		c.send(s)
		c.wantOpen("p:1")
	})
}

// Without an order the policy is a round robin over all endpoints.
func TestEndpointsOutsideOfTheOrderComeLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		endpoints := []resolver.Endpoint{
			balancertest.Endpoint("none:1"),
			priority.SetGroup(balancertest.Endpoint("other:1"), "other"),
			priority.SetGroup(balancertest.Endpoint("p:1"), "primary"),
			priority.SetGroup(balancertest.Endpoint("empty:1"), ""),
		}
		c := newChannel(t, `{}`, balancertest.Target)
		c.send(priority.SetOrder(balancertest.ResolverState(endpoints...), "primary"))
		c.wantOpen("p:1")
		after(time.Second + soon)
		c.wantOpen("p:1", "none:1", "other:1", "empty:1")

		c = newChannel(t, `{}`, balancertest.Target)
		c.send(balancertest.ResolverState(endpoints...))
		c.ready("p:1", "none:1", "other:1", "empty:1")
		c.wantRPCsAt("p:1", "none:1", "other:1", "empty:1")
	})
}

// Resolvers send the same answer again and again.
func TestAnUpdateThatChangesNothingMakesNoPickerAndStartsNoDelayAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := withGroups(t, `{}`, primary, backup)
		c.ready("p:1", "p:2")
		picker := c.State().Picker
		c.update(primary, backup)
		if c.State().Picker != picker {
			t.Error("the update makes a new picker")
		}
		c.lose("p:1", "p:2")
		for range 9 {
			after(100 * time.Millisecond)
			c.update(primary, backup)
		}
		c.wantOpen("p:1", "p:2")
		after(100*time.Millisecond + soon)
		c.wantOpen("p:1", "p:2", "b:1", "b:2")
	})
}

func TestTheTimerEndsInClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc := balancertest.NewClientConn(t)
		p := cc.Build(priority.NewBuilder())
		if err := p.Update(priority.SetGroup(balancertest.Endpoint("p:1"), "primary")); err != nil {
			t.Fatal(err)
		}
		p.Close()
		reports := len(cc.States())
		after(time.Hour)
		if n := len(cc.States()); n != reports {
			t.Errorf("%d reports after Close, want none", n-reports)
		}
	})
}

// The test is for the race detector.
func TestPicksMayComeAtAnyTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := withGroups(t, `{"failoverAfterSeconds": 0.001, "disconnectAfterSeconds": 0.001}`, primary, backup, last)
		var picking sync.WaitGroup
		for range 3 {
			picking.Go(func() {
				for range 2000 {
					_, _ = c.Pick()
					time.Sleep(100 * time.Microsecond)
				}
			})
		}
		for i := range 200 {
			for _, sc := range c.Live() {
				switch {
				case sc.State() == connectivity.Idle && sc.Wanted():
					sc.Ready()
				case sc.State() == connectivity.Ready && i%4 == 0:
					sc.Idle()
				}
			}
			if i%10 == 0 {
				c.update([][]group{{primary, backup}, {backup, primary, last}}[i/10%2]...)
			}
			time.Sleep(time.Millisecond)
		}
		picking.Wait()
	})
}

// grouped builds policies with short delays whose endpoints are in two groups.
type grouped struct{ balancer.Builder }

func (b grouped) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	if string(js) == `{}` {
		js = []byte(`{"failoverAfterSeconds": 0.01, "disconnectAfterSeconds": 0.01}`)
	}
	return b.Builder.(balancer.ConfigParser).ParseConfig(js)
}

func (b grouped) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return groupedPolicy{b.Builder.Build(cc, opts)}
}

type groupedPolicy struct{ balancer.Balancer }

func (p groupedPolicy) UpdateClientConnState(s balancer.ClientConnState) error {
	endpoints := make([]resolver.Endpoint, len(s.ResolverState.Endpoints))
	for i, e := range s.ResolverState.Endpoints {
		endpoints[i] = priority.SetGroup(e, []string{"primary", "backup"}[i%2])
	}
	s.ResolverState.Endpoints = endpoints
	s.ResolverState = priority.SetOrder(s.ResolverState, "primary", "backup")
	return p.Balancer.UpdateClientConnState(s)
}

func TestItIsAValidPolicy(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]balancer.Builder{"one group": priority.NewBuilder(), "two groups": grouped{priority.NewBuilder()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, b)
		})
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	parser := priority.NewBuilder().(balancer.ConfigParser)
	for config, want := range map[string]string{
		`{}`: "<nil>",
		`{"failoverAfterSeconds": 0.5, "disconnectAfterSeconds": 300}`: "<nil>",
		`{"failoverAfterSeconds": -1}`:                                 "failoverAfterSeconds or disconnectAfterSeconds is negative",
		`{"disconnectAfterSeconds": -1}`:                               "failoverAfterSeconds or disconnectAfterSeconds is negative",
		`{"failoverAfterSeconds": "1s"}`:                               `field "failoverAfterSeconds" is a JSON string`,
	} {
		if _, err := parser.ParseConfig(json.RawMessage(config)); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("ParseConfig(%s): %v, want %s", config, err, want)
		}
	}
}
