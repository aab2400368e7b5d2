package priority_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/priority"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errRefused = errors.New("refused")

// soon is longer than base2 takes to do what a policy asks for.
const soon = 10 * time.Millisecond

// group is a group of endpoints of a resolver update.
type group struct {
	name  string
	addrs []string
}

var (
	primary = group{"primary", []string{"p:1", "p:2"}}
	backup  = group{"backup", []string{"b:1", "b:2"}}
	last    = group{"last", []string{"l:1"}}
)

// channel is a fake channel. It is used in a synctest bubble.
type channel struct {
	*balancertest.ClientConn
	t      *testing.T
	policy *balancertest.Policy
	config string
}

// newChannel returns a channel without endpoints.
func newChannel(t *testing.T, config, target string) *channel {
	c := &channel{ClientConn: balancertest.NewClientConn(t), t: t, config: config}
	c.policy = c.BuildWithTarget(priority.NewBuilder(), target)
	t.Cleanup(c.policy.Close)
	return c
}

// withGroups returns a channel whose resolver prefers the groups in this order.
func withGroups(t *testing.T, config string, groups ...group) *channel {
	t.Helper()
	c := newChannel(t, config, balancertest.Target)
	c.update(groups...)
	return c
}

func (c *channel) update(groups ...group) {
	c.t.Helper()
	var names []string
	var endpoints []resolver.Endpoint
	for _, g := range groups {
		names = append(names, g.name)
		for _, addr := range g.addrs {
			endpoints = append(endpoints, priority.SetGroup(balancertest.Endpoint(addr), g.name))
		}
	}
	c.send(priority.SetOrder(balancertest.ResolverState(endpoints...), names...))
}

func (c *channel) send(s resolver.State) {
	c.t.Helper()
	config, err := priority.NewBuilder().(balancer.ConfigParser).ParseConfig([]byte(c.config))
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: s, BalancerConfig: config}); err != nil {
		c.t.Fatalf("update: %v", err)
	}
	synctest.Wait()
}

// wantOpen fails the test unless these are the addresses that are connected or that
// the policy wants connected.
func (c *channel) wantOpen(want ...string) {
	c.t.Helper()
	open := map[string]bool{}
	for _, sc := range c.Live() {
		if sc.State() != connectivity.Idle || sc.Wanted() {
			open[sc.Addr()] = true
		}
	}
	wanted := map[string]bool{}
	for _, addr := range want {
		wanted[addr] = true
	}
	if fmt.Sprint(open) != fmt.Sprint(wanted) {
		c.t.Errorf("open addresses: %v, want %v", open, wanted)
	}
}

// ready, lose and fail change the state of the connections to addresses.
func (c *channel) ready(addrs ...string) { c.set((*balancertest.SubConn).Ready, addrs) }
func (c *channel) lose(addrs ...string)  { c.set((*balancertest.SubConn).Idle, addrs) }
func (c *channel) fail(addrs ...string) {
	c.set(func(sc *balancertest.SubConn) { sc.Fail(errRefused) }, addrs)
}

func (c *channel) set(change func(*balancertest.SubConn), addrs []string) {
	c.t.Helper()
	for _, addr := range addrs {
		change(c.SubConn(addr))
	}
	synctest.Wait()
}

// wantRPCsAt fails the test unless two RPCs per address go there in turn.
func (c *channel) wantRPCsAt(addrs ...string) {
	c.t.Helper()
	got, want := map[string]int{}, map[string]int{}
	for range 2 * len(addrs) {
		sc, err := c.Pick()
		if err != nil {
			c.t.Errorf("an RPC gets the error %v, want one of %v", err, addrs)
			return
		}
		got[sc.Addr()]++
	}
	for _, addr := range addrs {
		want[addr] = 2
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		c.t.Errorf("RPCs went to %v, want %v", got, want)
	}
}

func (c *channel) wantRPCsWait() {
	c.t.Helper()
	if sc, err := c.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		c.t.Errorf("an RPC goes to %v, error %v, want it to wait", sc, err)
	}
}

// wantQuiet fails the test if the policy makes new pickers though nothing happens.
func (c *channel) wantQuiet() {
	c.t.Helper()
	after(soon)
	reports := len(c.States())
	after(2 * time.Hour)
	if n := len(c.States()) - reports; n > 0 {
		c.t.Errorf("%d reports in two quiet hours, want none", n)
	}
}

// after lets time pass in the bubble and waits for the effects.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
