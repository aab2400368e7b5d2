package leader_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/leader"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	a, b, c = "10.0.0.1:2379", "10.0.0.2:2379", "10.0.0.3:2379"

	waits = `{"writes": ["/kv/Put", "/lease/*"]}`
	fails = `{"writes": ["/kv/Put", "/lease/*"], "failFast": true}`
)

var (
	put   = balancer.PickInfo{FullMethodName: "/kv/Put"}
	grant = balancer.PickInfo{FullMethodName: "/lease/Grant"}
	get   = balancer.PickInfo{FullMethodName: "/kv/Get"}

	errRefused = errors.New("connection refused")
)

// cluster returns the endpoints a, b and c, with leaderAddr as the leader.
func cluster(leaderAddr string) []resolver.Endpoint {
	endpoints := balancertest.Endpoints(a, b, c)
	for i, addr := range []string{a, b, c} {
		if addr == leaderAddr {
			endpoints[i] = leader.SetLeader(endpoints[i])
		}
	}
	return endpoints
}

// start returns a channel that knows the cluster, and its policy. Nothing is
// connected yet.
func start(t *testing.T, config, leaderAddr string) (*balancertest.ClientConn, *balancertest.Policy) {
	t.Helper()
	cc := balancertest.NewClientConn(t)
	policy := cc.Build(leader.NewBuilder())
	t.Cleanup(policy.Close)
	update(t, policy, config, leaderAddr)
	return cc, policy
}

func update(t *testing.T, policy *balancertest.Policy, config, leaderAddr string) {
	t.Helper()
	if err := policy.UpdateWithConfig(config, cluster(leaderAddr)...); err != nil {
		t.Fatal(err)
	}
}

func ready(cc *balancertest.ClientConn, addrs ...string) {
	for _, addr := range addrs {
		cc.SubConn(addr).Ready()
	}
}

// goesTo demands that RPCs go to the address.
func goesTo(t *testing.T, cc *balancertest.ClientConn, rpc balancer.PickInfo, addr string) {
	t.Helper()
	for range 4 {
		attempt, err := cc.Start(rpc)
		if err != nil || attempt.SubConn().Addr() != addr {
			t.Fatalf("%s did not go to %s: %v", rpc.FullMethodName, addr, err)
		}
		attempt.End(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
	}
}

func isQueued(t *testing.T, cc *balancertest.ClientConn, rpc balancer.PickInfo) {
	t.Helper()
	if _, err := cc.Start(rpc); err != balancer.ErrNoSubConnAvailable {
		t.Fatalf("%s: got %v, want that it waits", rpc.FullMethodName, err)
	}
}

// failsWith demands that RPCs fail with an error that has the parts and that gRPC
// turns into UNAVAILABLE.
func failsWith(t *testing.T, cc *balancertest.ClientConn, rpc balancer.PickInfo, parts ...string) {
	t.Helper()
	_, err := cc.Start(rpc)
	if err == nil || err == balancer.ErrNoSubConnAvailable {
		t.Fatalf("%s: got %v, want an error", rpc.FullMethodName, err)
	}
	if s, ok := status.FromError(err); ok {
		t.Errorf("%s: status error %v would fail wait-for-ready RPCs", rpc.FullMethodName, s)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: error %q does not name %q", rpc.FullMethodName, err, part)
		}
	}
}

func TestWritesGoToLeaderAndReadsToAll(t *testing.T) {
	cc, _ := start(t, waits, b)
	ready(cc, a, b, c)
	goesTo(t, cc, put, b)
	goesTo(t, cc, grant, b)

	got := map[string]int{}
	for range 30 {
		attempt, err := cc.Start(get)
		if err != nil {
			t.Fatal(err)
		}
		got[attempt.SubConn().Addr()]++
		attempt.End(balancer.DoneInfo{})
	}
	if want := map[string]int{a: 10, b: 10, c: 10}; !maps.Equal(got, want) {
		t.Errorf("reads went to %v, want %v", got, want)
	}
}

func TestLeaderMoves(t *testing.T) {
	cc, policy := start(t, waits, a)
	ready(cc, a, b, c)
	goesTo(t, cc, put, a)

	update(t, policy, waits, b)
	goesTo(t, cc, put, b)
	if n := len(cc.SubConns()); n != 3 {
		t.Errorf("the move made new connections: %d in all, want 3", n)
	}

	// While it moves, a resolver may name two leaders, and then none.
	both := cluster(b)
	both[2] = leader.SetLeader(both[2])
	if err := policy.UpdateWithConfig(waits, both...); err != nil {
		t.Fatal(err)
	}
	goesTo(t, cc, put, b)
	if err := policy.UpdateWithConfig(waits, balancertest.Endpoints(a, c)...); err != nil {
		t.Fatal(err)
	}
	isQueued(t, cc, put)
	update(t, policy, waits, c)
	goesTo(t, cc, put, c)
}

func TestWritesWaitForLostLeader(t *testing.T) {
	cc, _ := start(t, waits, a)
	isQueued(t, cc, put)
	isQueued(t, cc, get)

	ready(cc, b)
	isQueued(t, cc, put) // for the leader, though b is READY
	goesTo(t, cc, get, b)

	ready(cc, a)
	goesTo(t, cc, put, a)

	cc.SubConn(a).Idle() // the connection is lost
	isQueued(t, cc, put)
	cc.SubConn(a).Fail(errRefused)
	isQueued(t, cc, put)
	goesTo(t, cc, get, b)

	cc.SubConn(a).Idle() // backoff is over
	ready(cc, a)
	goesTo(t, cc, put, a)
}

func TestFailFast(t *testing.T) {
	cc, policy := start(t, fails, a)
	failsWith(t, cc, put, "leader: write to "+a, "CONNECTING")
	isQueued(t, cc, get)

	ready(cc, b)
	denied := status.Error(codes.PermissionDenied, "denied") // as a dialer may return
	cc.SubConn(a).Fail(denied)
	failsWith(t, cc, put, "leader: write to "+a, denied.Error())
	cc.SubConn(a).Idle() // the next attempt begins; the error stays
	failsWith(t, cc, put, "leader: write to "+a, denied.Error())

	ready(cc, a)
	goesTo(t, cc, put, a)
	cc.SubConn(a).Idle() // the error is over
	failsWith(t, cc, put, "leader: write to "+a, "the connection is")

	update(t, policy, waits, a)
	isQueued(t, cc, put)
}

func TestNoLeader(t *testing.T) {
	cc, policy := start(t, waits, "")
	ready(cc, a, b, c)
	isQueued(t, cc, put)
	if _, err := cc.Start(get); err != nil {
		t.Errorf("read failed: %v", err)
	}

	update(t, policy, fails, "")
	failsWith(t, cc, put, "leader: find leader: the resolver marks no endpoint")

	update(t, policy, fails, c)
	goesTo(t, cc, put, c)
}

func TestAllFailWhenNoEndpointCanBeReached(t *testing.T) {
	for _, leaderAddr := range []string{"", a} {
		cc, _ := start(t, waits, leaderAddr)
		for _, addr := range []string{a, b, c} {
			cc.SubConn(addr).Fail(errRefused)
		}
		failsWith(t, cc, put, errRefused.Error())
		failsWith(t, cc, get, errRefused.Error())
	}
}

func TestResolverIsAskedWhileLeaderCannotBeReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cc, policy := start(t, waits, a)
		ready(cc, b, c)
		asked := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := cc.ResolveNowCalls(); got != want {
				t.Fatalf("%v: asked %d times, want %d", time.Now(), got, want)
			}
		}
		cc.SubConn(b).Idle()
		cc.SubConn(b).Fail(errRefused) // b is not the leader
		time.Sleep(5 * time.Second)
		before := cc.ResolveNowCalls()

		cc.SubConn(a).Fail(errRefused)
		asked(before + 1)
		cc.SubConn(a).Idle()
		cc.SubConn(a).Fail(errors.New("another error"))
		asked(before + 1)
		time.Sleep(3*time.Second + 100*time.Millisecond)
		asked(before + 4)

		update(t, policy, waits, c) // the answer
		time.Sleep(time.Minute)
		asked(before + 4)
	})
}

func TestConfig(t *testing.T) {
	parser := leader.NewBuilder().(balancer.ConfigParser)
	for js, want := range map[string]string{
		`{}`:                       "",
		waits:                      "",
		`{"writes": ["/*"]}`:       "",
		`{"writes": "/kv/Put"}`:    "leader: ",
		`{"failFast": "yes"}`:      "leader: ",
		`{"writes": [""]}`:         "writes[0]",
		`{"writes": ["*"]}`:        "writes[0]",
		`{"writes": ["kv/Put"]}`:   "leader: ",
		`{"writes": ["/kv"]}`:      `"/kv" is not a method`,
		`{"writes": ["/kv/"]}`:     "is not a method",
		`{"writes": ["/*/Put"]}`:   "is not a method",
		`{"writes": ["/k*/Put*"]}`: "is not a prefix",
	} {
		_, err := parser.ParseConfig(json.RawMessage(js))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", js, err, want)
		}
	}
}

func TestConcurrentPicks(t *testing.T) {
	cc, policy := start(t, waits, a)
	ready(cc, a, b, c)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, rpc := range []balancer.PickInfo{put, grant, get, get} {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if attempt, err := cc.Start(rpc); err == nil {
					attempt.End(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
				} else if err != balancer.ErrNoSubConnAvailable {
					t.Errorf("%s: %v", rpc.FullMethodName, err)
				}
			}
		})
	}
	for range 100 {
		update(t, policy, waits, b)
		// Not by Idle: base2 pauses before it connects to a server that hangs up
		// again and again.
		cc.SubConn(b).SetHealth(connectivity.TransientFailure, errors.New("unhealthy"))
		update(t, policy, waits, a)
		cc.SubConn(b).SetHealth(connectivity.Ready, nil)
	}
	close(stop)
	wg.Wait()
}

func TestCheck(t *testing.T) {
	leaderIsFirst := balancertest.MapEndpoints(func(endpoints []resolver.Endpoint) []resolver.Endpoint {
		endpoints[0] = leader.SetLeader(endpoints[0])
		return endpoints
	})
	for name, config := range map[string]string{"waits": waits, "failFast": fails} {
		t.Run(name, func(t *testing.T) {
			balancertest.Check(t, leader.NewBuilder(), balancertest.ByKey(put, get), balancertest.ConfigFields(config), leaderIsFirst)
		})
	}
	t.Run("no leader", func(t *testing.T) { balancertest.Check(t, leader.NewBuilder()) })
	t.Run("registered", func(t *testing.T) { balancertest.Check(t, balancer.Get(leader.Name)) })
}
