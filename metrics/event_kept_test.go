package metrics_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

func TestATargetForgetsItsOldestEventsFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		const n = 200 // so that each place has been used more than once
		for i := range n {
			s.connect(t, fmt.Sprintf("%d:1", i))
			cc.made[i].state(connecting, ready)
			time.Sleep(time.Minute)
		}
		events := only(t, m).Events
		if len(events) != 64 {
			t.Fatalf("%d events are kept, want 64", len(events))
		}
		for i, e := range events {
			if want := fmt.Sprintf("%d:1", n-1-i); e.Backend != want {
				t.Errorf("event %d is of %s, want the last 64 and so %s", i, e.Backend, want)
			}
		}
	})
}
