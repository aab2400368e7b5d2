package pickfirst2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// base2 and other parents rely on the methods that these two tests check.

func TestAReadyPickerTellsItsSubConn(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Ready()
	picker, ok := cc.State().Picker.(interface{ SubConn() balancer.SubConn })
	if !ok {
		t.Fatalf("picker in READY: %T has no method SubConn", cc.State().Picker)
	}
	if got := picker.SubConn(); got != balancer.SubConn(cc.SubConn("a:1")) {
		t.Errorf("SubConn() = %v, want that of picks", got)
	}
}

// The failure is the error of picks without the name of the policy.
func TestAFailingPickerTellsItsFailure(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want string
		code codes.Code // Unknown: without a status
		lead func(*balancertest.ClientConn, *balancertest.Policy)
	}{
		{"name resolver error: no such name", codes.Unknown, func(_ *balancertest.ClientConn, p *balancertest.Policy) {
			p.ResolverError(errors.New("no such name"))
		}},
		{"connect to a:1: rpc error: code = PermissionDenied desc = not you", codes.PermissionDenied, func(cc *balancertest.ClientConn, p *balancertest.Policy) {
			mustUpdate(t, p, balancertest.Endpoints("a:1")...)
			cc.SubConn("a:1").Fail(status.Error(codes.PermissionDenied, "not you"))
		}},
		{"check health of a:1: sick", codes.Unknown, func(cc *balancertest.ClientConn, p *balancertest.Policy) {
			cc.SetManualHealth(true)
			if err := p.UpdateClientConnState(gated(balancertest.Endpoints("a:1")...)); err != nil {
				t.Fatalf("update: %v", err)
			}
			cc.SubConn("a:1").Ready()
			cc.SubConn("a:1").SetHealth(stFailure, errors.New("sick"))
		}},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			cc, p := build(t)
			test.lead(cc, p)
			picker, ok := cc.State().Picker.(interface{ Failure() error })
			if !ok {
				t.Fatalf("picker in TRANSIENT_FAILURE: %T has no method Failure", cc.State().Picker)
			}
			_, picked := cc.Pick()
			for got, want := range map[error]string{picker.Failure(): test.want, picked: "pick_first2: " + test.want} {
				if fmt.Sprint(got) != want || status.Code(got) != test.code {
					t.Errorf("error %q with code %v, want %q with %v", got, status.Code(got), want, test.code)
				}
			}
		})
	}
}

func TestHealthListenerOnlyWhenAParentAsks(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	cc.SetManualHealth(true)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	a := cc.SubConn("a:1")
	a.Ready()
	if a.SetHealth(stFailure, errors.New("sick")) {
		t.Error("a policy at the top registered a health listener")
	}
	if err := p.UpdateClientConnState(gated(balancertest.Endpoints("a:1")...)); err != nil {
		t.Fatalf("update: %v", err)
	}
	a.Idle()
	p.ExitIdle()
	a.Ready()
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick before the first health update: %v, want to be queued", err)
	}
	a.SetHealth(stFailure, status.Error(codes.Internal, "sick"))
	_, err := cc.Pick()
	if err == nil || !strings.Contains(err.Error(), "pick_first2: check health of a:1: ") || status.Code(err) != codes.Unknown {
		t.Errorf("pick while sick: %v with code %v, want an error without a status that names a:1", err, status.Code(err))
	}
	a.SetHealth(stReady, nil)
	if sc, err := cc.Pick(); err != nil || sc != a {
		t.Errorf("pick when well = %v, %v, want %v", sc, err, a)
	}
}
