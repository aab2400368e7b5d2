package compose_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/compose"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestTheBreakerEjectsABackendAndTakesItBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc := buildReady(t, compose.Wrap("breaker", roundrobin2.NewBuilder(), newBreaker), "bad:1", "good:1")
		counts := func(n int) map[string]int {
			got := make(map[string]int)
			for range n {
				a, err := cc.Start(balancer.PickInfo{})
				if err != nil {
					t.Fatal(err)
				}
				info := balancer.DoneInfo{BytesSent: true, BytesReceived: true}
				if a.SubConn().Addr() == "bad:1" {
					info.Err = errBroken
				}
				got[a.SubConn().Addr()]++
				a.End(info)
			}
			return got
		}
		if got := counts(20); got["bad:1"] != failuresInARow {
			t.Errorf("the bad backend got %d RPCs, want %d", got["bad:1"], failuresInARow)
		}
		pickers := len(cc.States())
		time.Sleep(ejectionTime)
		synctest.Wait()
		if got := len(cc.States()); got != pickers+1 {
			t.Errorf("%d pickers were published when the time was over, want 1", got-pickers)
		}
		if got := counts(20); got["bad:1"] != failuresInARow {
			t.Errorf("after the ejection the bad backend got %d RPCs, want %d", got["bad:1"], failuresInARow)
		}
	})
}

func TestTheBreakerRefusesRPCsWhenItHasEjectedAll(t *testing.T) {
	t.Parallel()
	cc := buildReady(t, compose.Wrap("breaker", roundrobin2.NewBuilder(), newBreaker), "bad:1")
	for range failuresInARow {
		if _, err := cc.RPC(errBroken); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := cc.RPC(nil); err != errAllEjected {
		t.Errorf("error %v, want %v", err, errAllEjected)
	}
}

func TestTheLocalitiesGetRPCsByWeightAndStandInForEachOther(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	p := cc.Build(compose.Split("localities", newLocalities))
	defer p.Close()
	in := func(addr, name string, weight int) balancer.ClientConnState {
		return balancer.ClientConnState{ResolverState: balancertest.ResolverState(
			balancertest.WithAttribute(balancertest.Endpoint("near:1"), localityKey{}, locality{"near", 3}),
			balancertest.WithAttribute(balancertest.Endpoint(addr), localityKey{}, locality{name, weight}),
		)}
	}
	update := func(s balancer.ClientConnState) {
		t.Helper()
		reports := len(cc.States())
		if err := p.UpdateClientConnState(s); err != nil {
			t.Fatal(err)
		}
		if got := len(cc.States()) - reports; got != 1 {
			t.Errorf("%d reports for an update, want 1", got)
		}
	}
	wantShare := func(addr string, low, high int) {
		t.Helper()
		n := 0
		for range 4000 {
			if sc, err := cc.RPC(nil); err == nil && sc.Addr() == addr {
				n++
			}
		}
		if n < low || n > high {
			t.Errorf("%s got %d of 4000 RPCs, want %d to %d", addr, n, low, high)
		}
	}
	update(in("far:1", "far", 1))
	cc.SubConn("near:1").Ready()
	wantShare("near:1", 4000, 4000)
	cc.SubConn("far:1").Ready()
	wantShare("far:1", 700, 1300) // a thousand, give or take ten standard deviations
	update(in("far:1", "far", 9))
	wantShare("far:1", 2700, 3300)
	cc.SubConn("near:1").Idle()
	wantShare("far:1", 4000, 4000)
	cc.SubConn("near:1").Fail(errTest)
	cc.SubConn("far:1").Idle()
	cc.SubConn("far:1").Fail(errTest)
	if got := cc.State().ConnectivityState; got != connectivity.TransientFailure {
		t.Errorf("state %v, want TRANSIENT_FAILURE", got)
	}
}
