//go:build !race

package base2_test

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// The test is not parallel, because it measures the heap. It does not run with the race
// detector, with which its 120,000 steps take seconds, in one goroutine.
func TestConnectionsThatComeAndGoLeaveNothing(t *testing.T) {
	flap := func(cc *balancertest.ClientConn, _ *balancertest.Policy) {
		sc := cc.SubConn("a:1")
		sc.Ready()
		time.Sleep(time.Second) // with a shorter life the endpoint would pause
		sc.Idle()
	}
	i := 0
	rename := func(_ *balancertest.ClientConn, p *balancertest.Policy) {
		i++
		e := balancertest.Endpoint("a:1")
		e.Addresses[0].ServerName = fmt.Sprint("name", i)
		mustUpdate(t, p, e, balancertest.Endpoint("b:1"))
	}
	for name, test := range map[string]struct {
		builder balancer.Builder
		step    func(*balancertest.ClientConn, *balancertest.Policy)
		limit   int // bytes per step; the fakes keep each state and each SubConn
	}{
		"map":    {base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return forgetful{} }, base2.WithoutHealthChecks()), flap, 30},
		"list":   {readyBuilder("test_policy", forget), flap, 30},
		"update": {readyBuilder("test_policy", forget), rename, 600},
	} {
		synctest.Test(t, func(t *testing.T) {
			const steps = 20_000
			cc := balancertest.NewClientConn(t)
			p := cc.Build(test.builder)
			defer p.Close()
			mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
			cc.SubConn("b:1").Ready()
			for range steps {
				test.step(cc, p)
			}
			before := heap()
			for range steps {
				test.step(cc, p)
			}
			if got := (heap() - before) / steps; got > test.limit {
				t.Errorf("%s: each of %d steps holds %d bytes, want at most %d", name, steps, got, test.limit)
			}
		})
	}
}

// forgetful builds pickers that hold no references.
type forgetful struct{}

func (forgetful) Build(base.PickerBuildInfo) balancer.Picker { return constPicker{} }

func forget([]readyEndpoint) balancer.Picker { return constPicker{} }

func heap() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
