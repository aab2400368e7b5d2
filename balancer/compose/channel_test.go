package compose_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/compose"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

const lookupName = "compose_test_lookup"

func init() { balancer.Register(lookup{}) }

// lookup builds the policies of dialPolicy. gRPC's registry is for init functions only.
type lookup struct{}

var policies sync.Map // balancer.Builder by the scheme of the target

func (lookup) Name() string { return lookupName }

func (lookup) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	b, _ := policies.Load(opts.Target.URL.Scheme)
	return b.(balancer.Builder).Build(cc, opts)
}

// dialPolicy is dial for a policy that is not registered.
func dialPolicy(b balancer.Builder, servers ...*server) (conn *grpc.ClientConn, stop func()) {
	scheme := newScheme()
	policies.Store(scheme, b)
	return dialScheme(scheme, lookupName, servers...)
}

// tagging wraps a policy: it adds its name and the address to the metadata of RPCs, and
// counts the picks and the ends.
type tagging struct {
	name           string
	started, ended atomic.Int32
}

func (g *tagging) wrap(b balancer.Builder) balancer.Builder {
	return intercept(g.name, b, func(child balancer.Picker, info balancer.PickInfo) (balancer.PickResult, error) {
		res, err := child.Pick(info)
		if err != nil {
			return res, err
		}
		g.started.Add(1)
		compose.AddMetadata(&res, metadata.Pairs("added", g.name+" "+res.SubConn.(*compose.SubConn[string]).Data()))
		compose.AddDone(&res, func(balancer.DoneInfo) { g.ended.Add(1) })
		return res, nil
	})
}

func TestComposedPoliciesOnAChannel(t *testing.T) {
	t.Parallel()
	for name, child := range map[string]balancer.Builder{
		"round_robin":    balancer.Get(roundrobin.Name),
		"least_request":  withoutConfig{balancer.Get(leastrequest.Name)},
		"ejecting":       &ejecting{Builder: roundrobin2.NewBuilder()},
		"metered":        metrics.New().Instrument(roundrobin2.NewBuilder()),
		"the localities": compose.Split("localities", newLocalities),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner, outer := &tagging{name: "inner"}, &tagging{name: "outer"}
			policy := outer.wrap(metrics.New().Instrument(inner.wrap(child)))
			servers := []*server{newServer("one", nil), newServer("two", nil)}
			conn, stop := dialPolicy(policy, servers...)
			sent := reach(t, conn, servers...)
			stop()
			for _, g := range []*tagging{inner, outer} {
				// gRPC may pick again for an RPC, if a connection is lost; the Done of the first pick runs then too.
				if started, ended := g.started.Load(), g.ended.Load(); started != ended || int(started) < sent {
					t.Errorf("%s: %d picks and %d ends of %d RPCs", g.name, started, ended, sent)
				}
			}
		})
	}
}

// reach sends RPCs until each server has got one. It returns the number of RPCs.
func reach(t *testing.T, conn *grpc.ClientConn, servers ...*server) (sent int) {
	t.Helper()
	reached := make(map[string]bool)
	for len(reached) < len(servers) {
		header, err := callHeader(conn, grpc.WaitForReady(true))
		if err != nil {
			t.Fatalf("RPC: %v", err)
		}
		sent++
		name := header.Get("server")[0]
		reached[name] = true
		i := slices.IndexFunc(servers, func(s *server) bool { return s.name == name })
		if i < 0 {
			t.Fatalf("the RPC went to %s", name)
		}
		want := []string{"inner " + servers[i].addr, "outer " + servers[i].addr}
		if got := header.Get("added"); !slices.Equal(got, want) {
			t.Fatalf("the server got the metadata %q, want %q", got, want)
		}
	}
	return sent
}

func TestAnEjectionByHealthListenersReachesTheChildOnAChannel(t *testing.T) {
	t.Parallel()
	eject := &ejecting{Builder: roundrobin2.NewBuilder()}
	inner, outer := &tagging{name: "inner"}, &tagging{name: "outer"}
	servers := []*server{newServer("one", nil), newServer("two", nil)}
	// The ejecting policy is between: outside of the child, inside of both wrappers.
	conn, stop := dialPolicy(outer.wrap(inner.wrap(eject)), servers...)
	defer stop()
	reach(t, conn, servers...)
	eject.set(servers[0].addr, connectivity.TransientFailure)
	for range 20 {
		if got, err := call(conn); err != nil || got != "two" {
			t.Fatalf("RPC to %s, %v, want two: the other is ejected", got, err)
		}
	}
	eject.set(servers[0].addr, connectivity.Ready)
	reach(t, conn, servers...)
}

// ejecting is a policy like outlier_detection: it tells its child by health listeners
// which backends not to use.
type ejecting struct {
	balancer.Builder

	mu        sync.Mutex
	listeners map[string]func(balancer.SubConnState)
}

// set reports the health of the backend. The child is one that may be told at any time.
func (e *ejecting) set(addr string, s connectivity.State) {
	e.mu.Lock()
	listener := e.listeners[addr]
	e.mu.Unlock()
	listener(balancer.SubConnState{ConnectivityState: s})
}

func (e *ejecting) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return e.Builder.Build(&ejectingConn{cc, e}, opts)
}

type ejectingConn struct {
	balancer.ClientConn
	ejecting *ejecting
}

func (c *ejectingConn) UpdateState(s balancer.State) {
	inner := s.Picker
	s.Picker = pickerFunc(func(info balancer.PickInfo) (balancer.PickResult, error) {
		res, err := inner.Pick(info)
		if sc, ok := res.SubConn.(*ejectingSubConn); ok {
			res.SubConn = sc.SubConn
		}
		return res, err
	})
	c.ClientConn.UpdateState(s)
}

func (c *ejectingConn) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	sc, err := c.ClientConn.NewSubConn(addrs, opts)
	return &ejectingSubConn{sc, c.ejecting, addrs[0].Addr}, err
}

type ejectingSubConn struct {
	balancer.SubConn
	ejecting *ejecting
	addr     string
}

func (sc *ejectingSubConn) RegisterHealthListener(listener func(balancer.SubConnState)) {
	sc.ejecting.mu.Lock()
	defer sc.ejecting.mu.Unlock()
	if sc.ejecting.listeners == nil {
		sc.ejecting.listeners = make(map[string]func(balancer.SubConnState))
	}
	sc.ejecting.listeners[sc.addr] = listener
	sc.SubConn.RegisterHealthListener(listener)
}

// A wait-for-ready RPC that an open breaker holds back is sent when it closes.
func TestPublishLetsWaitingRPCsGoOnAChannel(t *testing.T) {
	t.Parallel()
	var open atomic.Bool
	open.Store(true)
	refused := make(chan struct{})
	once := sync.OnceFunc(func() { close(refused) })
	var instance *compose.Instance
	b := compose.Wrap("test", roundrobin2.NewBuilder(), func(i *compose.Instance) compose.Wrapper[int] {
		instance = i
		return compose.Wrapper[int]{State: func(child balancer.State) balancer.State {
			if open.Load() && child.ConnectivityState == connectivity.Ready {
				return balancer.State{ConnectivityState: connectivity.TransientFailure, Picker: pickerFunc(func(balancer.PickInfo) (balancer.PickResult, error) {
					once()
					return balancer.PickResult{}, errTest
				})}
			}
			return child
		}}
	})
	conn, stop := dialPolicy(b, newServer("one", nil))
	defer stop()
	done := make(chan error, 1)
	go func() {
		_, err := call(conn, grpc.WaitForReady(true))
		done <- err
	}()
	<-refused
	if _, err := call(conn); err == nil || !strings.Contains(err.Error(), errTest.Error()) {
		t.Errorf("RPC: %v, want the breaker's error", err)
	}
	open.Store(false)
	instance.Publish()
	if err := <-done; err != nil {
		t.Errorf("the RPC that waited: %v", err)
	}
}
