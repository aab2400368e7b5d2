package base2_test

import (
	"fmt"
	"runtime"
	"testing"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// Not parallel: it looks at the heap.
func TestConnectionsThatComeAndGoLeaveNothing(t *testing.T) {
	builders := map[string]balancer.Builder{
		"map":  base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return forgetful{} }, base.Config{}),
		"list": base2.NewListBalancerBuilder("test_policy", func() base2.ListPickerBuilder { return forgetful{} }, base.Config{}),
	}
	for name, b := range builders {
		cc := balancertest.NewClientConn(t)
		p := cc.Build(b)
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		cc.SubConn("b:1").Ready()
		sc := cc.SubConn("a:1")
		flap := func() {
			for range 20_000 {
				sc.Ready()
				sc.Idle()
			}
		}
		flap()
		before := heap()
		flap()
		// The fake remembers each state, in a slice that doubles at times.
		if got := heap() - before; got > 600_000 {
			t.Errorf("%s: 20,000 connections that came and went hold %d bytes", name, got)
		}
		p.Close()
	}
}

// forgetful builds pickers that hold on to nothing.
type forgetful struct{}

func (forgetful) Build(base.PickerBuildInfo) balancer.Picker   { return constPicker{} }
func (forgetful) BuildList([]balancer.SubConn) balancer.Picker { return constPicker{} }

func heap() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// Resolvers may set attributes of any kind; they count as changed.
func TestAttributesThatCannotBeCompared(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	update := func() {
		mustUpdate(t, p, resolver.Endpoint{
			Addresses:  []resolver.Address{{Addr: "a:1"}},
			Attributes: attributes.New("tags", []string{"x"}),
		})
	}
	update()
	cc.SubConn("a:1").Ready()
	builds := len(r.builds)
	update()
	if got := fmt.Sprint(cc.SubConn("a:1").State(), len(r.builds)-builds); got != "READY 1" {
		t.Errorf("state and rebuilds after the update: %s, want READY 1", got)
	}
}
