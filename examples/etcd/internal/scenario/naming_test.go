package scenario_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/scenario"
)

func TestServersComeAndGoWithTheirLeases(t *testing.T) {
	ctx, c := startCluster(t, "")
	r, err := scenario.Naming(ctx, t.Output(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Errs) > 0 {
		t.Errorf("%d calls failed: %v", len(r.Errs), r.Errs[0])
	}
	revoked, expired, stays := r.Servers[0], r.Servers[1], r.Servers[2]
	for _, act := range []struct {
		name  string
		view  scenario.View
		ready map[string]int
	}{
		{"all", r.All, map[string]int{revoked: 1, expired: 1, stays: 1}},
		{"one revoked", r.Revoked, map[string]int{revoked: 0, expired: 1, stays: 1}},
		{"one expired", r.Expired, map[string]int{revoked: 0, expired: 0, stays: 1}},
		{"one back", r.Returned, map[string]int{revoked: 1, expired: 0, stays: 1}},
	} {
		for _, name := range r.Servers {
			if got := act.view[name].Ready; got != act.ready[name] {
				t.Errorf("%s: %s has %d READY, want %d", act.name, name, got, act.ready[name])
			}
		}
		if notOK := act.view.Sum().NotOK; notOK != 0 {
			t.Errorf("%s: %d RPCs not OK", act.name, notOK)
		}
	}
	if was, is := r.Revoked[revoked].Picks, r.Expired[revoked].Picks; was == 0 || was != is {
		t.Errorf("%s had %d picks when its lease was revoked and %d later", revoked, was, is)
	}
	if was, is := r.Expired[expired].Picks, r.Returned[expired].Picks; was == 0 || was != is {
		t.Errorf("%s had %d picks when its lease expired and %d later", expired, was, is)
	}
	if was, is := r.Expired[revoked].OK, r.Returned[revoked].OK; is <= was {
		t.Errorf("%s came back and answered nothing", revoked)
	}
	if status.Code(r.TrapErr) != codes.Unavailable || !strings.Contains(r.TrapErr.Error(), "x509: certificate is valid for member") {
		t.Errorf("etcd's resolver as it is: %v, want Unavailable, because no server proves the service's name", r.TrapErr)
	}
}
