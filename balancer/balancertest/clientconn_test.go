package balancertest_test

import (
	"errors"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestRecordsWhatThePolicyDoes(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	if s := cc.State(); s.ConnectivityState != connectivity.Connecting {
		t.Errorf("state before any report: %v, want CONNECTING", s.ConnectivityState)
	}
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick before any report: %v, want to be queued", err)
	}
	refused := errors.New("refused")
	cc.FailNewSubConn(refused)
	if _, err := cc.NewSubConn(balancertest.Endpoint("a:1").Addresses, balancer.NewSubConnOptions{}); !errors.Is(err, refused) {
		t.Errorf("NewSubConn: %v, want %v", err, refused)
	}
	cc.FailNewSubConn(nil)
	if _, err := cc.NewSubConn(nil, balancer.NewSubConnOptions{}); err == nil {
		t.Error("NewSubConn without addresses: no error")
	}
	made, err := cc.NewSubConn(balancertest.Endpoint("a:1", "a:2").Addresses, balancer.NewSubConnOptions{})
	if err != nil {
		t.Fatalf("NewSubConn: %v", err)
	}
	sc := cc.SubConn("a:1")
	made.Connect()
	made.Connect()
	if sc.ConnectCalls() != 2 || !sc.Wanted() {
		t.Errorf("Connect calls: %d, wanted: %v", sc.ConnectCalls(), sc.Wanted())
	}
	cc.UpdateAddresses(made, balancertest.Endpoint("b:1").Addresses)
	if sc.Addr() != "b:1" || len(sc.Addresses()) != 1 {
		t.Errorf("addresses after an update: %v", sc.Addresses())
	}
	cc.ResolveNow(resolver.ResolveNowOptions{})
	if cc.ResolveNowCalls() != 1 {
		t.Errorf("ResolveNow calls: %d, want 1", cc.ResolveNowCalls())
	}
	if got := cc.Target(); got != balancertest.Target {
		t.Errorf("target = %q, want %q", got, balancertest.Target)
	}
	cc.UpdateState(balancer.State{})
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick with a nil picker: %v, want to be queued", err)
	}
	cc.RemoveSubConn(made)
	if len(cc.Live()) != 0 || len(cc.SubConns()) != 1 {
		t.Errorf("after removal: live %v of %v", cc.Live(), cc.SubConns())
	}
	if cc.MetricsRecorder() == nil {
		t.Error("no metrics recorder")
	}
}
