package naming_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/clustertest"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/naming"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

func TestServersComeAndGoWithTheirLeases(t *testing.T) {
	ctx, c := clustertest.Start(t, "")
	r, err := naming.Run(ctx, t.Output(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Calls.Failed() > 0 || r.Calls.OK() == 0 {
		t.Errorf("calls ended with %v, want all OK; the last error: %v", r.Calls, r.Calls.LastErr)
	}
	revoked, expired, stays := r.Servers[0], r.Servers[1], r.Servers[2]
	for _, step := range []struct {
		name   string
		series series.Policy
		ready  map[string]int
	}{
		{"all", r.All, map[string]int{revoked: 1, expired: 1, stays: 1}},
		{"one revoked", r.Revoked, map[string]int{revoked: 0, expired: 1, stays: 1}},
		{"one expired", r.Expired, map[string]int{revoked: 0, expired: 0, stays: 1}},
		{"one back", r.Returned, map[string]int{revoked: 1, expired: 0, stays: 1}},
	} {
		for _, name := range r.Servers {
			if got := step.series.Backends[name].Ready; got != step.ready[name] {
				t.Errorf("%s: %s has %d READY, want %d", step.name, name, got, step.ready[name])
			}
		}
		if notOK := step.series.Sum().NotOK(); notOK != 0 {
			t.Errorf("%s: %d RPCs not OK", step.name, notOK)
		}
	}
	if was, is := r.Revoked.Backends[revoked].Picks, r.Expired.Backends[revoked].Picks; was == 0 || was != is {
		t.Errorf("%s had %d picks when its lease was revoked and %d later", revoked, was, is)
	}
	if was, is := r.Expired.Backends[expired].Picks, r.Returned.Backends[expired].Picks; was == 0 || was != is {
		t.Errorf("%s had %d picks when its lease expired and %d later", expired, was, is)
	}
	if was, is := r.Expired.Backends[revoked].OK(), r.Returned.Backends[revoked].OK(); is <= was {
		t.Errorf("%s registered again but answered nothing", revoked)
	}
	if status.Code(r.TrapErr) != codes.Unavailable || !strings.Contains(r.TrapErr.Error(), "x509: certificate is valid for member") {
		t.Errorf("etcd's resolver alone: %v, want Unavailable, because no server can prove the service's name", r.TrapErr)
	}
}
