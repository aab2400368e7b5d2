package metrics_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Most often the resolver then sends what it sent before it failed.
func TestAResolverThatWorksAgainIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		p := m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
		_ = p.UpdateClientConnState(endpoints("a", "b"))
		failed := time.Now()
		for range 3 {
			p.ResolverError(errors.New("no such host"))
			time.Sleep(time.Minute)
		}
		for range 2 {
			_ = p.UpdateClientConnState(endpoints("a", "b"))
		}
		wantTexts(t, m,
			"resolver_update 2: +0 [] -0 []",
			"resolver_error  no such host × 3",
			"resolver_update 2: +2 [a b] -0 []",
			"instance_built",
		)
		if e := only(t, m).Events[1]; !e.First.Equal(failed) || !e.At.Equal(failed.Add(2*time.Minute)) {
			t.Errorf("the errors began at %v and went on until %v, want %v and two minutes later", e.First, e.At, failed)
		}
	})
}

func TestResolverErrorsOfDifferentTextsAreDifferentEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		p := m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
		for _, text := range []string{"no such host", "no such host", "refused", "no such host"} {
			p.ResolverError(errors.New(text))
		}
		wantTexts(t, m,
			"resolver_error  no such host",
			"resolver_error  refused",
			"resolver_error  no such host × 2",
			"instance_built",
		)
	})
}
