package metrics_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// patient is a policy, its builder and its channel in one. It accepts any call at
// any time.
type patient struct {
	balancer.ClientConn // nil

	below  balancer.ClientConn // that the policy was built with
	picker atomic.Pointer[balancer.Picker]
	policy atomic.Int64 // number of calls that reached the policy
}

func (p *patient) Name() string { return "patient" }

func (p *patient) Build(cc balancer.ClientConn, _ balancer.BuildOptions) balancer.Balancer {
	p.below = cc
	return p
}

func (p *patient) UpdateClientConnState(balancer.ClientConnState) error {
	p.policy.Add(1)
	return nil
}

func (p *patient) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) { p.policy.Add(1) }
func (p *patient) ResolverError(error)                                        { p.policy.Add(1) }
func (p *patient) ExitIdle()                                                  { p.policy.Add(1) }
func (p *patient) Close()                                                     { p.policy.Add(1) }

func (p *patient) NewSubConn(_ []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	return &patientSubConn{listener: opts.StateListener}, nil
}

func (p *patient) RemoveSubConn(balancer.SubConn)                       {}
func (p *patient) UpdateAddresses(balancer.SubConn, []resolver.Address) {}
func (p *patient) UpdateState(s balancer.State)                         { p.picker.Store(&s.Picker) }

// patientSubConn goes through all states when it connects.
type patientSubConn struct {
	balancer.SubConn // nil

	listener func(balancer.SubConnState)
}

func (sc *patientSubConn) Shutdown() {}

func (sc *patientSubConn) Connect() {
	if sc.listener == nil {
		return // made after Close: the decorator passed the call on
	}
	for _, state := range []connectivity.State{connecting, ready, idle, connecting, failure, connecting, ready} {
		sc.listener(balancer.SubConnState{ConnectivityState: state})
	}
}

func TestASecondCloseDoesNotKeepTheSeries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithRetention(5 * time.Minute))
		p := &patient{}
		b := m.Instrument(p).Build(p, balancer.BuildOptions{})
		b.Close()
		time.Sleep(4 * time.Minute)
		b.Close()
		if n := p.policy.Load(); n != 2 {
			t.Errorf("Close reached the policy %d times, want 2", n)
		}
		time.Sleep(time.Minute)
		if got := scrape(t, m); len(got) != 0 {
			t.Errorf("series 5 minutes after the first Close: %v, want none", got)
		}
	})
}

// gRPC makes most of these calls one at a time, and none after Close. Other parents
// and policies may make them at any time.
func TestEverythingMayBeCalledBesideAnythingAndAfterClose(t *testing.T) {
	t.Parallel()
	for range 20 {
		m := metrics.New(metrics.WithRetention(0), metrics.WithLatency(), metrics.WithBackendName(metrics.NameByAttribute(podKey{})))
		p := &patient{}
		b := m.Instrument(p).Build(p, balancer.BuildOptions{})
		p.below.UpdateState(balancer.State{})

		endpoints := balancertest.Endpoints("0:1", "1:1")
		endpoints[0].Attributes = pod("pod")
		connect := func(i int) balancer.SubConn {
			opts := balancer.NewSubConnOptions{StateListener: func(balancer.SubConnState) {}}
			if i%2 == 0 {
				opts.StateListener = nil
			}
			sc, err := p.below.NewSubConn([]resolver.Address{{Addr: fmt.Sprint(i%3, ":1")}}, opts)
			if err != nil {
				t.Errorf("NewSubConn: %v", err)
			}
			sc.Connect()
			p.below.UpdateState(balancer.State{ConnectivityState: ready, Picker: pickerFunc(func(balancer.PickInfo) (balancer.PickResult, error) {
				return balancer.PickResult{SubConn: sc}, nil
			})})
			return sc
		}
		var all sync.WaitGroup
		for _, call := range []func(i int){
			func(int) {
				_ = b.UpdateClientConnState(balancer.ClientConnState{ResolverState: resolver.State{Endpoints: endpoints}})
			},
			func(int) { b.ResolverError(errors.New("no such host")) },
			func(int) { b.ExitIdle() },
			func(i int) { connect(i).Shutdown() },
			func(i int) { p.below.RemoveSubConn(connect(i)) },
			func(i int) { p.below.UpdateAddresses(connect(i), nil) }, // and leaves it open
			func(int) {
				if picker := *p.picker.Load(); picker != nil {
					if res, _ := picker.Pick(balancer.PickInfo{Ctx: t.Context()}); res.Done != nil {
						res.Done(success)
					}
				}
			},
			func(int) { scrape(t, m) },
			func(int) { request(t, m, "format=json") },
			func(i int) {
				if i > 5 {
					b.Close()
				}
			},
		} {
			for range 2 {
				all.Go(func() {
					for i := range 10 {
						call(i)
					}
				})
			}
		}
		all.Wait()
		if n := metrics.Waiting(m); n != 0 {
			t.Errorf("%d RPCs wait, want none", n)
		}
		if got := scrape(t, m); len(got) != 0 {
			t.Fatalf("series after Close: %v, want none", got)
		}
		if n := p.policy.Load(); n < 2*(3*10+4) {
			t.Errorf("%d calls reached the policy, want those of its parent at least", n)
		}
	}
}

// repeat calls f again and again in n goroutines, at least once in each. stop waits
// until they have ended.
func repeat(n int, f func()) (stop func()) {
	stopped := make(chan struct{})
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for {
				f()
				select {
				case <-stopped:
					return
				default:
				}
			}
		})
	}
	return func() {
		close(stopped)
		all.Wait()
	}
}
