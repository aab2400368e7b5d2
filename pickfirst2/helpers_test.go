package pickfirst2_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	stIdle       = connectivity.Idle
	stConnecting = connectivity.Connecting
	stReady      = connectivity.Ready
	stFailure    = connectivity.TransientFailure
)

func build(t testing.TB) (*balancertest.ClientConn, *balancertest.Policy) {
	cc := balancertest.NewClientConn(t)
	p := cc.Build(pickfirst2.NewBuilder())
	t.Cleanup(p.Close)
	return cc, p
}

// advance lets time pass in the bubble and waits for the effects.
func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func mustUpdate(t testing.TB, p *balancertest.Policy, endpoints ...resolver.Endpoint) {
	t.Helper()
	if err := p.Update(endpoints...); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// gated returns an update from a parent that enables health checks.
func gated(endpoints ...resolver.Endpoint) balancer.ClientConnState {
	return balancer.ClientConnState{ResolverState: pickfirst2.EnableHealthListener(balancertest.ResolverState(endpoints...))}
}

func wantStates(t *testing.T, cc *balancertest.ClientConn, want ...connectivity.State) {
	t.Helper()
	if got := cc.States(); !slices.Equal(got, want) {
		t.Errorf("reported states: %v, want %v", got, want)
	}
}

// wantConnecting checks the number of calls of Connect.
func wantConnecting(t *testing.T, cc *balancertest.ClientConn, want int) {
	t.Helper()
	got := 0
	for _, sc := range cc.SubConns() {
		got += sc.ConnectCalls()
	}
	if got != want {
		t.Fatalf("%d calls of Connect, want %d", got, want)
	}
}

// between returns a builder of the policy that wraps its ClientConn, as a parent
// between the policy and the channel does.
func between(wrap func(balancer.ClientConn) balancer.ClientConn) balancer.Builder {
	return betweenBuilder{Builder: pickfirst2.NewBuilder(), wrap: wrap}
}

type betweenBuilder struct {
	balancer.Builder
	wrap func(balancer.ClientConn) balancer.ClientConn
}

func (b betweenBuilder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return b.Builder.Build(b.wrap(cc), opts)
}
