package diagnosis_test

import (
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus/statustest"
)

func TestTheWorseOfTwoInACondition(t *testing.T) {
	t.Parallel()
	for what, changes := range map[string][2]statustest.Change{ // the worse first
		"erring":  {fails(20), fails(10)},
		"slow":    {takes(2 * time.Second), takes(time.Second)},
		"starved": {gets(1), gets(2)},
		"crowded": {gets(300), gets(250)},
	} {
		backends := with(with(even(20), 7, changes[0]), 3, changes[1])
		judged := diagnose(open(backends...)).Judged
		worse, better := judged[7], judged[3]
		if worse.Condition.String() != what || better.Condition.String() != what {
			t.Errorf("%s and %s, want two that are %s", worse.Condition, better.Condition, what)
		}
		if worse.Compare(better) >= 0 || better.Compare(worse) <= 0 {
			t.Errorf("the worse of two that are %s does not come first", what)
		}
	}
}

// The share of a backend is that of its window, and none if it gets no picks now.
func TestShareOfAWindow(t *testing.T) {
	t.Parallel()
	backends := with(with(even(4), 1, getsNow(150, 50)), 3, isUnusable("unhealthy"), func(b *livestatus.Backend) {
		b.Recent = statustest.Traffic(50, 0)
	})
	r := diagnose(open(backends...))
	for i, want := range [][2]float64{{0.2, 1. / 3}, {0.6, 1. / 3}, {0.2, 1. / 3}, {0, 0}} {
		if short, long := r.Share(&r.Backends[i], false), r.Share(&r.Backends[i], true); short != want[0] || long != want[1] {
			t.Errorf("shares of backend %d are %v and %v, want %v", i, short, long, want)
		}
	}
}
