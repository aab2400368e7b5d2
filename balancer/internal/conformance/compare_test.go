package conformance_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// comparison runs events on grpc-go's policy and on ours, and compares the two.
type comparison struct {
	t            testing.TB
	theirs, ours *side
	log          []script.Event
	diff         intended
}

func newComparison(t testing.TB, p pair, manualHealth bool) *comparison {
	newSide := func(name string) *side {
		cc := balancertest.NewClientConn(t)
		cc.SetManualHealth(manualHealth)
		return &side{name: name, cc: cc, policy: cc.Build(balancer.Get(name)), last: connectivity.Connecting}
	}
	c := &comparison{t: t, theirs: newSide(p.theirs), ours: newSide(p.ours)}
	c.diff.stickierAllowed = p.ours == pickfirst2.Name
	return c
}

// run applies an event to both sides. It returns what gRPC then sees of grpc-go's
// policy, and whether it sees the same of ours.
func (c *comparison) run(e script.Event) (theirs observation, ok bool) {
	c.t.Helper()
	c.log = append(c.log, e)
	if e.Kind == script.Wait {
		time.Sleep(e.Delay) // both sides share the clock
	}
	for _, x := range c.sidesFor(e) {
		x.take(c.t, e)
		synctest.Wait() // grpc-go's round_robin reconnects on another goroutine
	}
	want, got := c.theirs.observe(), c.ours.observe()
	if c.diff.allows(e, want, got) {
		return want, true
	}
	c.t.Errorf("after\n\t%s\n grpc-go: %v\nbalancer2: %v", c.events(), want, got)
	return want, false
}

// sidesFor returns the sides that get the event.
func (c *comparison) sidesFor(e script.Event) []*side {
	both := []*side{c.theirs, c.ours}
	if e.Kind != script.Update {
		return both
	}
	_, oursAlone := c.diff.continues(e, c.theirs)
	c.diff.recordUpdate(e, c.theirs.last)
	if oursAlone {
		return both[1:]
	}
	return both
}

// close closes both policies, and checks that neither leaves a SubConn.
func (c *comparison) close() {
	for name, x := range map[string]*side{"grpc-go": c.theirs, "balancer2": c.ours} {
		x.policy.Close()
		if live := x.cc.Live(); len(live) > 0 {
			c.t.Errorf("after\n\t%s\nand Close, %s leaves %v", c.events(), name, live)
		}
	}
}

// events formats the events so far as a script.
func (c *comparison) events() string {
	var lines []string
	for _, e := range c.log {
		lines = append(lines, e.String())
	}
	return strings.Join(lines, "\n\t")
}
