package perf_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// dataPolicy keeps data with each endpoint and reads that of all READY endpoints for
// each picker, as policies with weights do.
const dataPolicy = "weighted_by_data"

func dataBuilder() balancer.Builder {
	return base2.New(dataPolicy, func(*base2.Channel) weighted { return weighted{} }, base2.WithoutHealthChecks())
}

// endpointData is what such a policy may keep: a weight, RPCs in flight, an average.
type endpointData struct {
	lighter int64 // than the default weight
	_       [16]byte
}

type weighted struct{}

func (weighted) NewPicker(view base2.View[endpointData]) balancer.Picker {
	p := &weightedPicker{ready: view.Ready(), until: make([]int64, 0, len(view.Ready()))}
	sum := int64(0)
	for _, r := range p.ready {
		sum += 100 - r.Endpoint.Data.lighter
		p.until = append(p.until, sum)
	}
	return p
}

type weightedPicker struct {
	ready []base2.Ready[endpointData]
	until []int64 // sum of the weights up to each endpoint
}

func (p *weightedPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	i, _ := slices.BinarySearch(p.until, rand.Int64N(p.until[len(p.until)-1])+1)
	return balancer.PickResult{SubConn: p.ready[i].SubConn}, nil
}

// BenchmarkData compares one flap, with its two pickers, of a policy that reads the
// data of all endpoints with one of round_robin2, which reads none.
func BenchmarkData(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("flap/%d", n), func(b *testing.B) {
			list, data := newFleet(b, roundrobin2.Name, n).startUp(), newFleet(b, dataPolicy, n).startUp()
			defer list.policy.Close()
			defer data.policy.Close()
			compareNamed(b, 1, roundrobin2.Name, flapOne(list), dataPolicy, flapOne(data))
		})
	}
}
