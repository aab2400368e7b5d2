package base2_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	stIdle       = connectivity.Idle
	stConnecting = connectivity.Connecting
	stReady      = connectivity.Ready
	stFailure    = connectivity.TransientFailure
)

// recorder is a PickerBuilder that records its calls. Its pickers return the SubConn
// with the smallest address.
type recorder struct {
	builds []base.PickerBuildInfo
}

func (r *recorder) Build(info base.PickerBuildInfo) balancer.Picker {
	r.builds = append(r.builds, info)
	var first balancer.SubConn
	for sc, i := range info.ReadySCs {
		if first == nil || i.Address.Addr < info.ReadySCs[first].Address.Addr {
			first = sc
		}
	}
	return constPicker{first}
}

// fromReady is a Policy that makes pickers of the READY endpoints.
type fromReady func(ready []readyEndpoint) balancer.Picker

type readyEndpoint = base2.Ready[struct{}]

func (f fromReady) NewPicker(view base2.View[struct{}]) balancer.Picker { return f(view.Ready()) }

func readyBuilder(name string, f fromReady, options ...base2.Option) balancer.Builder {
	return base2.New(name, func(*base2.Channel) fromReady { return f }, options...)
}

// first picks the first READY endpoint.
func first(ready []readyEndpoint) balancer.Picker { return constPicker{ready[0].SubConn} }

// addrs returns the sorted addresses of the last picker.
func (r *recorder) addrs() []string {
	if len(r.builds) == 0 {
		return nil
	}
	var addrs []string
	for _, i := range r.builds[len(r.builds)-1].ReadySCs {
		addrs = append(addrs, i.Address.Addr)
	}
	slices.Sort(addrs)
	return addrs
}

type constPicker struct{ sc balancer.SubConn }

func (p constPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.sc}, nil
}

func build(t testing.TB) (*balancertest.ClientConn, *balancertest.Policy, *recorder) {
	cc := balancertest.NewClientConn(t)
	r := &recorder{}
	p := cc.Build(base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return r }, base2.WithoutHealthChecks()))
	t.Cleanup(p.Close)
	return cc, p, r
}

func mustUpdate(t testing.TB, p *balancertest.Policy, endpoints ...resolver.Endpoint) {
	t.Helper()
	if err := p.Update(endpoints...); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func wantStates(t *testing.T, cc *balancertest.ClientConn, want ...connectivity.State) {
	t.Helper()
	if got := cc.States(); !slices.Equal(got, want) {
		t.Errorf("reported states: %v, want %v", got, want)
	}
}

func wantPickError(t *testing.T, cc *balancertest.ClientConn, want string) {
	t.Helper()
	if _, err := cc.Pick(); err == nil || err.Error() != want {
		t.Errorf("pick:\n got %v\nwant %s", err, want)
	}
}

func endpoints(n int) []resolver.Endpoint {
	var addrs []string
	for i := range n {
		addrs = append(addrs, fmt.Sprintf("10.0.%d.%d:1", i/256, i%256))
	}
	return balancertest.Endpoints(addrs...)
}

// advance lets time pass in the bubble and waits for the effects.
func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// connectAll makes all SubConns READY.
func connectAll(cc *balancertest.ClientConn) {
	for _, sc := range cc.Live() {
		sc.Ready()
	}
}

// inExample takes the place of the *testing.T that an Example does not have.
type inExample struct{ testing.TB }

func (inExample) Helper()                  {}
func (inExample) Context() context.Context { return context.Background() }

// syncSet is a set for several goroutines.
type syncSet struct{ sync.Map }

func (s *syncSet) add(key string) { s.Store(key, true) }

func (s *syncSet) has(key string) bool {
	_, ok := s.Load(key)
	return ok
}
