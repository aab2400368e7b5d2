package metrics_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// A storm of one kind does not push out what else happened.
func TestAStormOfEventsLeavesTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		for i := range 1000 {
			s.connect(t, fmt.Sprintf("%d:1", i))
			cc.made[i].state(connecting, ready)
			time.Sleep(time.Millisecond)
		}
		for i := range 500 {
			cc.made[i].state(idle, connecting)
			time.Sleep(time.Millisecond)
		}
		events := only(t, m).Events
		kinds, counts := make(map[livestatus.EventKind]int), make(map[livestatus.EventKind]int)
		for _, e := range events {
			kinds[e.Kind]++
			counts[e.Kind] += e.N
		}
		want := map[livestatus.EventKind]int{livestatus.InstanceBuilt: 1, livestatus.Connected: 8, livestatus.Lost: 8}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if counts[livestatus.Connected] != 1000 || counts[livestatus.Lost] != 500 {
			t.Errorf("counts %v, want 1000 connections and 500 losses", counts)
		}
		if events[0].Backend != "499:1" || events[0].N != 493 {
			t.Errorf("the newest is %+v, want the last loss, for 493", events[0])
		}
	})
}

func TestATargetKeepsItsLastEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		for i := range 100 {
			s.connect(t, fmt.Sprintf("%d:1", i))
			cc.made[i].state(connecting, ready)
			time.Sleep(time.Minute)
			events := only(t, m).Events
			if n := min(i+2, 64); len(events) != n || events[0].Backend != fmt.Sprintf("%d:1", i) {
				t.Fatalf("%d events, the last %+v, want %d and that of %d", len(events), events[0], n, i)
			}
			if !slices.IsSortedFunc(events, func(a, b livestatus.Event) int { return b.At.Compare(a.At) }) {
				t.Fatalf("events %+v, want the newest first", events)
			}
		}
	})
}
